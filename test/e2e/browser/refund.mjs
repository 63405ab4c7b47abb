// Three browsers at once: somebody paid by card and wants it back. An agent asks for the refund, cannot approve it, a
// supervisor does, in Spanish; the page of the payment tells who paid, and a mail does. Another refund is declined with a reason.
import { assert, finish, look, newPage, noProblems, scenario } from './lib.mjs';
import { deskSignIn, mailed, mainButton } from './account.mjs';
import { at, choose, field, findGuest, payByCard, person, radio } from './journey.mjs';
import { starts, t } from './words.mjs';

const email = 'refund@members.example';

// openRecord finds a member by a payment's number and opens the record for a reason.
async function openRecord(page, number) {
  await page.goto('/desk/members');
  await field(page, 'desk.members.label').fill(number);
  await mainButton(page, 'desk.members.button').click();
  await page.getByRole('main').getByRole('link', { name: /open the record|abrir el expediente/i }).first().click();
  const reason = page.getByLabel(starts(t(page.lang, 'desk.reason')));
  const open = page.getByRole('heading', { name: t(page.lang, 'desk.record.payments'), exact: true });
  await reason.or(open).first().waitFor();
  if (await reason.isVisible()) {
    await reason.fill('Wants a payment back');
    await mainButton(page, 'desk.record.button').click();
  }
  await open.waitFor();
}

async function toAsk(page, number) {
  await openRecord(page, number);
  await look(page, 'record-with-payments');
  const row = page.getByRole('row').filter({ hasText: number });
  await row.getByRole('link', { name: starts(t(page.lang, 'desk.refund.ask')) }).click();
  await at(page, 'desk.refund.ask.title');
}

scenario('a payment by card goes back: asked for by one, approved by another', async () => {
  const [member, agent, lead] = await Promise.all([newPage({ axe: true }), newPage({ axe: true }), newPage({ axe: true, lang: 'es' })]);
  await findGuest(member, person(0));
  await choose(member, { amount: '12.34' });
  const paid = await payByCard(member, { email });
  const number = paid.number;

  await deskSignIn(agent);
  await toAsk(agent, number);
  await look(agent, 'refund-ask');
  await radio(agent, 'desk.refund.how.part').check();
  await field(agent, 'desk.refund.amount').fill('99');
  await radio(agent, 'desk.refund.reason.twice').check();
  await mainButton(agent, 'desk.refund.ask.button').click();
  await agent.getByText(t('en', 'desk.error.refund.amount')).first().waitFor();
  await look(agent, 'refund-ask-too-much');
  await field(agent, 'desk.refund.amount').fill('5');
  await field(agent, 'desk.refund.note').fill('The front desk took $5.00 in cash.');
  await mainButton(agent, 'desk.refund.ask.button').click();
  await agent.getByText(t('en', 'desk.refund.own')).waitFor();
  assert.equal(await mainButton(agent, 'desk.refund.approve.button').count(), 0, 'who asked is offered to approve');
  await look(agent, 'refund-own');

  await member.reload();
  assert.ok(!(await member.getByRole('main').innerText()).includes(t('en', 'paid.refund')), 'a refund is told before it is approved');

  await deskSignIn(lead, 'supervisor');
  await lead.goto('/desk/overview');
  await look(lead, 'overview-refund');
  await lead.getByRole('link', { name: t('es', 'overview.refunds') }).click();
  await at(lead, 'desk.refund.title');
  await look(lead, 'refunds');
  await lead.getByRole('main').getByRole('row').filter({ hasText: '$5.00' }).getByRole('link').click();
  await look(lead, 'refund-decide');
  await mainButton(lead, 'desk.refund.approve.button').click();
  await lead.getByText(t('es', 'desk.refund.state.succeeded'), { exact: true }).waitFor();
  await look(lead, 'refund-paid-out');

  await member.reload();
  await member.getByText(/\$5\.00 sent back to Visa/).waitFor();
  await look(member, 'paid-refunded');
  const mail = await mailed(member, email, (m) => m.subject === t('en', 'letter.refund.card.subject', { Amount: '$5.00' }));
  assert.ok(mail.text.includes('4242') && mail.text.includes(number), mail.text);

  await toAsk(agent, number);
  await radio(agent, 'desk.refund.how.whole').check();
  await radio(agent, 'desk.refund.reason.too_much').check();
  await mainButton(agent, 'desk.refund.ask.button').click();
  await agent.getByText(t('en', 'desk.refund.own')).waitFor();
  await lead.goto(agent.url());
  await field(lead, 'desk.refund.answer').fill('The bill is right, and it was due.');
  await mainButton(lead, 'desk.refund.decline.button').click();
  await lead.getByText(t('es', 'desk.refund.state.declined'), { exact: true }).waitFor();
  await agent.reload();
  await agent.getByText('The bill is right, and it was due.').waitFor();
  await look(agent, 'refund-declined');
  await openRecord(lead, number);
  await look(lead, 'record-with-payments');
  await lead.getByRole('main').getByRole('link', { name: new RegExp(t('es', 'desk.bill.see.what')) }).first().click();
  await lead.getByText(t('es', 'desk.bill.share'), { exact: true }).waitFor();
  await look(lead, 'record-bill');
  for (const lang of ['es', 'en']) {
    const boss = lang === 'es' ? lead : await newPage({ axe: true, lang });
    if (lang === 'en') await deskSignIn(boss, 'supervisor');
    await boss.goto('/desk/overview');
    await look(boss, 'overview-worked');
  }
  for (const page of [member, agent, lead]) noProblems(page);
});

await finish();

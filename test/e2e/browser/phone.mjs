// Two browsers at once, an agent's and a caller's: a member who lost their ID calls, proves who they are, pays by a link on
// their own device while the agent watches how far they are, and gets the receipt; another pays from a bank account that
// they read out. No request to our server holds a card number, and no page of the desk has a field for one.
import { assert, axe, demo, finish, look, newPage, noProblems, scenario } from './lib.mjs';
import { deskSignIn, ids, mailed, mainButton, mainLink, newcomer } from './account.mjs';
import { begin, label, proved, shown } from './call.mjs';
import { at, bankAccount, confirmation, field, fillCard, next, pay, radio, toReview } from './journey.mjs';
import { payButton, starts, t } from './words.mjs';

const iris = newcomer; // house 205, on file: iris@members.example

// watched notes every request to our own server and every field of a card at the desk.
function watched(page, sent) {
  page.on('request', (r) => {
    if (new URL(r.url()).origin === new URL(demo.url).origin) sent.push(`${r.method()} ${r.url()} ${decodeURIComponent((r.postData() || '').replace(/\+/g, ' '))} ${JSON.stringify(r.headers())}`);
  });
}

async function noCardField(page) {
  const found = await page.evaluate(() => [...document.querySelectorAll('input, iframe, script[src]')].map((e) => `${e.name || ''} ${e.autocomplete || ''} ${e.src || ''}`)
    .filter((s) => /card|cvc|cvv|cc-|pan\b|expir|stripe/i.test(s)));
  assert.deepEqual(found, [], `${page.url()} has a field for a card`);
}

scenario('a member lost their ID, calls, proves who they are, pays by a link and gets the receipt', async () => {
  const [desk, member] = await Promise.all([newPage({ axe: true }), newPage({ axe: true })]);
  const sent = [];
  watched(desk, sent);
  watched(member, sent);
  await deskSignIn(desk);
  await proved(desk);
  await begin(desk, '25.10', () => look(desk, 'phone-choose'));
  await noCardField(desk);
  await look(desk, 'phone-ways');
  await desk.getByRole('button', { name: starts('Send a link to i•••@') }).click();
  await shown(desk, 'phone.stage.sent');
  await shown(desk, 'phone.message.sent');
  await look(desk, 'phone-live');
  await noCardField(desk);

  const mail = await mailed(desk, iris.email, (m) => m.subject === t('en', 'letter.pay_link.subject'));
  const link = mail.text.match(/https?:\S+\/pay-link\/\S+/)[0];
  assert.ok(!(await desk.content()).includes(link), 'the agent has the link');
  await member.goto(link);
  await at(member, 'phone.link.title');
  await shown(desk, 'phone.stage.seen');
  await look(member, 'pay-link');
  await field(member, 'date.month').fill('4');
  await field(member, 'date.day').fill('19');
  await field(member, 'date.year').fill('1977');
  await next(member);
  await member.getByText(t('en', 'phone.link.wrong')).first().waitFor();
  await field(member, 'date.day').fill('18');
  await next(member);
  await at(member, 'method.title');
  await shown(desk, 'phone.stage.method'); // nobody loads the agent's page again
  await look(member, 'pay-link-method');
  await member.setViewportSize({ width: 1280, height: 900 });
  assert.equal(await field(member, 'method.email').inputValue(), iris.email, 'the link came by mail: the receipt goes there');
  await fillCard(member, { number: '5555555555554444' });
  await member.getByText(t('en', 'method.card.frame.why')).waitFor();
  await shown(desk, 'phone.stage.typing');
  assert.equal(await toReview(member), '$25.10');
  await shown(desk, 'phone.stage.review');
  await pay(member);
  const paid = await confirmation(member, 'succeeded');
  await desk.getByText(paid.number).first().waitFor();
  await shown(desk, 'phone.paid.succeeded');
  await look(desk, 'phone-paid');
  const receipt = await mailed(desk, iris.email, (m) => m.subject === t('en', 'mail.receipt.subject', { Amount: '$25.10' }));
  assert.ok(receipt.text.includes(paid.number), 'the receipt has the number that is read out');
  assert.ok(sent.length > 20);
  for (const s of sent) assert.ok(!/5555\D?5555\D?5555/.test(s), `the card number went to our server: ${s}`);

  // What was paid stands in the record with who took it; a second use of the link leads to the payment and to nothing else.
  await mainLink(desk, 'phone.again').click();
  await at(desk, 'phone.choose');
  await desk.goto('/desk/calls');
  await desk.getByRole('link', { name: /^Go to call/ }).click();
  await mainLink(desk, 'desk.record.button').click();
  await desk.getByText(/^By phone with /).first().waitFor();
  noProblems(desk);
  noProblems(member);
});

scenario('a card is declined on the payer\'s device, and another one pays in the same call', async () => {
  const [desk, member] = await Promise.all([newPage({ axe: true }), newPage({ axe: true })]);
  await deskSignIn(desk);
  await proved(desk);
  await begin(desk, '4.20');
  const seen = await ids(desk, iris.email);
  await desk.getByRole('button', { name: starts('Send a link to i•••@') }).click();
  const mail = await mailed(desk, iris.email, (m) => !seen.includes(m.id) && m.subject === t('en', 'letter.pay_link.subject'));
  await member.goto(mail.text.match(/https?:\S+\/pay-link\/\S+/)[0]);
  await field(member, 'date.month').fill('4');
  await field(member, 'date.day').fill('18');
  await field(member, 'date.year').fill('1977');
  await next(member);
  await fillCard(member, { number: '4000000000009995' });
  await toReview(member);
  await pay(member);
  await at(member, 'state.failed.title');
  await shown(desk, 'phone.paid.declined'); // nobody loads the agent's page again
  await look(desk, 'phone-declined');
  await mainButton(member, 'state.failed.other').click();
  await at(member, 'method.title');
  await shown(desk, 'phone.stage.method');
  await look(desk, 'phone-again');
  await fillCard(member);
  await toReview(member);
  await pay(member);
  const paid = await confirmation(member, 'succeeded');
  await desk.getByText(paid.number).first().waitFor();
  await look(desk, 'phone-again-paid');
  desk.lang = 'es';
  await desk.goto(`${new URL(desk.url()).pathname}?lang=es`);
  await look(desk, 'phone-again-paid');
  noProblems(desk);
  noProblems(member);
});

scenario('the agent stops a link while it is open', async () => {
  const [desk, member] = await Promise.all([newPage({ axe: true }), newPage({ axe: true })]);
  await deskSignIn(desk);
  await proved(desk);
  await begin(desk, '3.01');
  const seen = await ids(desk, iris.email);
  await desk.getByRole('button', { name: starts('Send a link to i•••@') }).click();
  await shown(desk, 'phone.stage.sent');
  const mail = await mailed(desk, iris.email, (m) => !seen.includes(m.id) && m.subject === t('en', 'letter.pay_link.subject'));
  await member.goto(mail.text.match(/https?:\S+\/pay-link\/\S+/)[0]);
  await field(member, 'date.month').fill('4');
  await field(member, 'date.day').fill('18');
  await field(member, 'date.year').fill('1977');
  await next(member);
  await at(member, 'method.title');
  await fillCard(member);
  await toReview(member);
  await shown(desk, 'phone.stage.review');
  await mainButton(desk, 'phone.stop').click();
  await shown(desk, 'phone.ended');
  await look(desk, 'phone-stopped');
  await pay(member);
  await at(member, 'phone.link.stopped');
  await look(member, 'pay-link-stopped');
  await member.goto(mail.text.match(/https?:\S+\/pay-link\/\S+/)[0]);
  await at(member, 'phone.link.over');
  await look(member, 'pay-link-over');
});

scenario('a caller pays from a bank account that they read out', async () => {
  const desk = await newPage({ axe: true });
  await deskSignIn(desk);
  await proved(desk);
  await begin(desk, '5.55');
  await mainLink(desk, 'phone.bank.button').click().catch(() => mainButton(desk, 'phone.bank.button').click());
  await at(desk, 'phone.bank');
  await noCardField(desk);
  const account = bankAccount();
  await label(desk, 'method.bank.routing').fill(account.routing);
  await desk.getByLabel(t('en', 'method.bank.account'), { exact: true }).fill('4242 4242 4242 4242');
  await desk.getByLabel(t('en', 'phone.confirm'), { exact: true }).fill('4242 4242 4242 4242');
  await radio(desk, 'method.bank.checking').check();
  await next(desk);
  await desk.getByText(t('en', 'error.account.card')).first().waitFor();
  await look(desk, 'phone-bank');
  await desk.getByLabel(t('en', 'method.bank.account'), { exact: true }).fill(account.account);
  await desk.getByLabel(t('en', 'phone.confirm'), { exact: true }).fill(account.account);
  await next(desk);
  await at(desk, 'phone.review');
  assert.ok(!(await desk.content()).includes(account.account), 'the account number is shown again');
  const text = await desk.locator('#authorization').innerText();
  for (const part of ['$5.55', account.account.slice(-4), 'authorize', 'by telephone', 'say yes or no']) assert.ok(text.includes(part), `the text lacks ${part}: ${text}`);
  await desk.getByRole('button', { name: payButton('en') }).click();
  await desk.getByText(t('en', 'phone.error.evidence')).first().waitFor();
  await look(desk, 'phone-review');
  await desk.getByRole('checkbox', { name: t('en', 'phone.agreed') }).check();
  await radio(desk, 'phone.by.recording').check();
  await desk.getByLabel(t('en', 'phone.recording'), { exact: true }).fill('2026-11-27/4711');
  await desk.getByRole('button', { name: payButton('en') }).click();
  await shown(desk, 'state.pending.title');
  await look(desk, 'phone-bank-paid');
  const number = await desk.locator('.panel-number strong').innerText();
  const mail = await mailed(desk, iris.email, (m) => m.subject === t('en', 'mail.pending.subject', { Amount: '$5.55' }));
  assert.ok(mail.text.includes(number) && mail.text.includes('You give this authorization by telephone'), 'the receipt has the words that were read out');
  desk.lang = 'es';
  for (const path of [desk.url(), desk.url().replace(/\/draft_.*/, '')]) {
    await desk.goto(`${path}?lang=es`);
    await look(desk, path.includes('draft_') ? 'phone-bank-paid' : 'phone-choose');
  }
  noProblems(desk);
});

await finish();

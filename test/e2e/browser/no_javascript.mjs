// Without JavaScript the whole bank account path works, from the first page or from the link of a call to the receipt.
import { assert, finish, look, newPage, noProblems, scenario } from './lib.mjs';
import { deskSignIn, ids, mailed, mainLink, newcomer } from './account.mjs';
import { begin, proved, shown } from './call.mjs';
import { account, at, choose, confirmation, field, fillBank, findGuest, next, pay, payByBank, person, radio, signIn, toChoice, toReview } from './journey.mjs';
import { starts, t } from './words.mjs';

for (const lang of ['en', 'es']) {
  scenario(`a guest pays by bank account (${lang})`, async () => {
    const page = await newPage({ lang, javaScriptEnabled: false });
    const who = person(lang === 'en' ? 0 : 1);
    await findGuest(page, who);
    await choose(page, { amount: '6.01' });
    const paid = await payByBank(page, who, { savings: true, email: 'payer@example.com' });
    assert.equal(paid.amount, '$6.01');
    const answer = await page.reload();
    assert.equal(answer.status(), 200);
    noProblems(page);
  });
}

scenario('a member signs in and pays by bank account', async () => {
  const page = await newPage({ javaScriptEnabled: false });
  await signIn(page, account(2));
  await toChoice(page);
  await choose(page, { amount: '6.02' });
  await payByBank(page, account(2));
  noProblems(page);
});

scenario('the card path says that it needs JavaScript', async () => {
  const page = await newPage({ javaScriptEnabled: false });
  await findGuest(page, person(0));
  await choose(page, { amount: '6.03' });
  await radio(page, 'method.card').check();
  // What stands in noscript is no element of its own to a locator, but a person reads it.
  assert.ok((await page.getByRole('main').innerText()).includes(t('en', 'method.card.noscript')));
  await fillBank(page, person(0));
  assert.equal(await toReview(page), '$6.03');
  noProblems(page);
});

// The agent's browser runs scripts, the caller's does not.
scenario('a caller pays by bank account from the link of their call', async () => {
  const desk = await newPage();
  await deskSignIn(desk);
  for (const [lang, amount] of [['en', '6.04'], ['es', '6.05']]) {
    const member = await newPage({ lang, javaScriptEnabled: false, axe: true });
    await proved(desk);
    await begin(desk, amount);
    const seen = await ids(desk, newcomer.email);
    await desk.getByRole('button', { name: starts('Send a link to i•••@') }).click();
    await shown(desk, 'phone.stage.sent');
    const mail = await mailed(desk, newcomer.email, (m) => !seen.includes(m.id) && m.subject === t('en', 'letter.pay_link.subject'));
    const link = mail.text.match(/https?:\S+\/pay-link\/\S+/)[0];

    await member.goto(link);
    await at(member, 'phone.link.title');
    await look(member, 'no-script-link');
    const [year, month, day] = newcomer.date_of_birth.split('-').map(Number);
    await field(member, 'date.month').fill(String(month));
    await field(member, 'date.day').fill(String(day + 1));
    await field(member, 'date.year').fill(String(year));
    await next(member);
    await member.getByText(t(lang, 'phone.link.wrong')).first().waitFor();
    await look(member, 'no-script-link-wrong');
    await field(member, 'date.day').fill(String(day));
    await next(member);
    await at(member, 'method.title');
    await member.getByText(t(lang, 'phone.watched')).waitFor();
    await shown(desk, 'phone.stage.method');
    await radio(member, 'method.card').check();
    const told = await member.getByRole('main').innerText();
    assert.ok(told.includes(t(lang, 'method.card.noscript')), 'it says that a card needs JavaScript');
    assert.ok(!told.includes(t(lang, 'method.card.frame.why')), 'it speaks of fields that are not there');
    await look(member, 'no-script-method');
    await fillBank(member, newcomer);
    await look(member, 'no-script-bank');
    assert.equal(await toReview(member), `$${amount}`);
    await shown(desk, 'phone.stage.review');
    await look(member, 'no-script-review');
    await pay(member);
    const paid = await confirmation(member, 'pending');
    await look(member, 'no-script-paid');
    await desk.getByText(paid.number).first().waitFor();
    await shown(desk, 'state.pending.title');

    const pdf = await member.request.get(await mainLink(member, 'paid.receipt').getAttribute('href'));
    assert.equal(pdf.headers()['content-type'], 'application/pdf');
    assert.equal((await pdf.body()).subarray(0, 5).toString(), '%PDF-');
    const receipt = await mailed(desk, newcomer.email, (m) => !seen.includes(m.id) && m.text.includes(paid.number));
    assert.ok(receipt.text.includes(`$${amount}`), 'the receipt comes by mail too');
    await member.goto(link); // once more leads to nothing that could be paid again
    assert.equal(await member.getByRole('main').getByRole('textbox').count(), 0, member.url());
    await look(member, 'no-script-link-again');
    noProblems(member);
  }
  noProblems(desk);
});

await finish();

// A member lets a helper pay: the helper is invited, makes an account, sees money and nothing about care in any answer of
// the site, pays within the limit, and is out at the first click after the member ends it.
import { execFileSync } from 'node:child_process';
import { assert, demo, finish, newPage, noProblems, scenario } from './lib.mjs';
import { amounts, mailed, mainButton, mainLink, password } from './account.mjs';
import { careIn } from './care.mjs';
import { account, at, choose, confirmation, field, fillBank, next, pay, radio, signIn, toChoice, toReview } from './journey.mjs';
import { starts, t } from './words.mjs';

const helper = { name: 'Noor Stand-In', email: 'noor@helpers.example', password: 'basil compass thunder quilt' };

// listens keeps every text that the site answers to a page.
function listens(page) {
  const bodies = [];
  page.on('response', (r) => {
    if (new URL(r.url()).origin !== new URL(demo.url).origin || r.status() >= 300 && r.status() < 400) return;
    bodies.push(r.body().then((b) => ({ url: r.url(), text: b.toString('utf8') })).catch(() => null));
  });
  return async () => (await Promise.all(bodies)).filter(Boolean);
}

// pdf is the text of a document that a page may open.
async function pdf(page, address) {
  const answer = await page.request.get(address);
  assert.equal(answer.status(), 200, address);
  return execFileSync('pdftotext', ['-', '-'], { input: await answer.body() }).toString();
}

// invite sends the invitation and returns the link in the mail, the code that the member tells, and the helper's page.
async function invite(page, who) {
  await page.goto('/household');
  await mainButton(page, 'household.invite').or(mainLink(page, 'household.invite')).click();
  await at(page, 'household.invite');
  await page.getByLabel(starts(t(page.lang, 'household.name'))).fill(who.name);
  await page.getByLabel(starts(t(page.lang, 'household.email'))).fill(who.email);
  await page.getByRole('group', { name: starts(t(page.lang, 'household.for')) }).getByRole('checkbox').first().check();
  await page.getByLabel(starts(t(page.lang, 'household.payment_limit'))).fill('50');
  await page.getByLabel(starts(t(page.lang, 'household.month_limit'))).fill('80');
  const last = new Date(Date.now() + 30 * 86_400_000);
  await field(page, 'date.month').fill(String(last.getMonth() + 1));
  await field(page, 'date.day').fill(String(last.getDate()));
  await field(page, 'date.year').fill(String(last.getFullYear()));
  await mainButton(page, 'household.invite.send').click();
  await page.getByRole('heading', { level: 1, name: who.name }).waitFor();
  const at1 = new URL(page.url()).pathname;
  await mainButton(page, 'household.code.show').click();
  await mainButton(page, 'household.code.again').waitFor();
  const code = (await page.getByRole('main').innerText()).match(/(?<!\d)\d{3} ?\d{3}(?!\d)/)[0];
  const mail = await mailed(page, who.email, (m) => m.subject === t(page.lang, 'letter.invited.subject'));
  assert.ok(!mail.text.includes(code) && !mail.html.includes(code), 'the code does not go by mail');
  const link = mail.text.match(/https?:\/\/\S+\/invited\/\S+/)[0];
  return { link, code, at: at1 };
}

scenario('a helper is invited, sees money and no care, pays, and is out when revoked', async () => {
  const member = await newPage();
  await signIn(member, account(0));
  await member.getByRole('link', { name: new RegExp(t('en', 'bills.see')) }).first().waitFor();
  const owed = await amounts(member);
  const seen = [];
  for (const href of await member.getByRole('link', { name: new RegExp(t('en', 'bills.see')) }).evaluateAll((all) => all.map((a) => a.href))) {
    await member.goto(href);
    seen.push(...careIn(await member.getByRole('main').innerText()));
  }
  assert.ok(new Set(seen).size >= 4, `the member reads what care it was: ${seen}`);
  const invitation = await invite(member, helper);

  const page = await newPage();
  const answers = listens(page);
  await page.goto(invitation.link);
  await page.getByLabel(starts(t('en', 'household.code'))).fill('000000');
  await next(page);
  await page.getByRole('link', { name: t('en', 'household.error.code.wrong') }).waitFor();
  await page.getByLabel(starts(t('en', 'household.code'))).fill(invitation.code);
  await next(page);
  await page.waitForURL(/\/accept$/);
  await password(page).fill(helper.password);
  await mainButton(page, 'newkey.create').click();
  await at(page, 'household.helping');
  assert.ok((await page.getByRole('main').innerText()).includes('$50.00'), 'the limit is told');

  await page.goto('/bills');
  await at(page, 'household.bills.title');
  const shown = await amounts(page);
  assert.ok(shown.filter((a) => owed.includes(a)).length >= 4, `the amounts of the member: ${shown} of ${owed}`);
  const bills = await page.getByRole('link', { name: new RegExp(t('en', 'bills.see')) }).evaluateAll((all) => all.map((a) => a.href));
  for (const href of bills) {
    await page.goto(href);
    const main = await page.getByRole('main').innerText();
    assert.match(main, /\$[\d,]+\.\d\d/, 'an amount');
    assert.match(main, /\w+ \d{1,2}, 20\d\d/, 'a date');
    assert.ok(main.includes(t('en', 'household.owed')) && !main.includes(t('en', 'bills.col.amount')), 'the helper owes nothing');
    assert.ok(main.includes('Larkspur Medical Group, Inc.') || main.includes('Larkspur Health Plan, Inc.'), 'the payee');
    assert.equal((await page.request.get(`${href}/bill.pdf`)).status(), 404, 'the document of a bill is its owner\'s');
  }

  await page.goto('/bills');
  await toChoice(page);
  await page.getByRole('main').getByRole('checkbox').first().check();
  await radio(page, 'choose.other').check();
  await field(page, 'choose.other.amount').fill('50.01');
  await next(page);
  await page.getByRole('link', { name: t('en', 'household.error.payment', { Limit: '$50.00' }) }).waitFor();
  await choose(page, { amount: '12.34' });
  await fillBank(page, { name: helper.name });
  assert.equal(await toReview(page), '$12.34');
  await pay(page);
  const paid = await confirmation(page, 'pending');
  assert.deepEqual(careIn(await pdf(page, `/payments/${paid.ref}/receipt.pdf`)), [], 'the receipt');
  await page.goto('/payments');
  await page.goto('/household');
  await page.goto('/account');
  const heard = await answers();
  assert.ok(heard.length > 20, `${heard.length} answers`);
  for (const { url, text } of heard) assert.deepEqual(careIn(text), [], `${url} tells a helper about care`);

  await member.goto(invitation.at);
  const log = await member.getByRole('main').innerText();
  for (const words of ['household.log.invited', 'household.log.accepted', 'household.log.looked']) assert.ok(log.includes(t('en', words)), t('en', words));
  assert.ok(log.includes('$12.34'), 'the log tells what was paid');
  await mailed(member, account(0).email, (m) => m.subject === t('en', 'letter.paid.subject', { Amount: '$12.34' }));

  await page.goto('/bills');
  await toChoice(page);
  const draft = page.url();
  await member.getByRole('button', { name: starts(t('en', 'household.revoke')) }).click();
  await member.getByText(t('en', 'household.done.revoked')).waitFor();
  const answer = await page.goto(draft);
  const after = await page.locator('body').innerText();
  assert.ok(answer.status() === 404 || after.includes(t('en', 'household.over.title')), `the next click is refused, not answered ${answer.status()}: ${after}`);
  assert.ok(!after.includes('$'), 'no amount is shown any more');
  for (const href of bills) assert.equal((await page.goto(href)).status(), 404, 'a bill is not found any more');
  assert.equal((await page.goto('/bills')).status(), 200);
  assert.deepEqual(await amounts(page), []);
  await mailed(page, helper.email, (m) => m.subject === t('en', 'letter.revoked.subject'));
  assert.equal((await page.goto(invitation.link)).status() < 500, true);
  assert.ok((await page.locator('body').innerText()).includes(t('en', 'household.invitation.over')), 'the link opens nothing twice');
  noProblems(page);
  noProblems(member);
});

await finish();

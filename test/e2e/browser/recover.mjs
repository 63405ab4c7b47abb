// A member whose only key is a passkey loses the device and gets back in: a code to the mailbox, a second proof, a new
// password. The bills are the same, and everybody who might be deceived is told.
import { assert, finish, newPage, noProblems, scenario } from './lib.mjs';
import { amounts, authenticator, codeSent, fillFacts, ids, join, mailed, mainButton, mainLink, newcomer, password, signOut, typePassword } from './account.mjs';
import { at, field, next } from './journey.mjs';
import { starts, t } from './words.mjs';

const secret = 'lantern gravel orbit maple';

// toSecondProof goes from the sign-in page to the question for a second proof.
async function toSecondProof(page) {
  await page.goto('/sign-in');
  await mainLink(page, 'signin.recover').click();
  await at(page, 'recover.title');
  const before = await ids(page, newcomer.email);
  await field(page, 'signin.email').fill(newcomer.email);
  await next(page);
  await at(page, 'recover.sent');
  await page.getByLabel(t(page.lang, 'recover.code'), { exact: true }).fill(await codeSent(page, 'recover', newcomer.email, before));
  await next(page);
  await at(page, 'recover.more');
}

// told fails where an address or phone does not hear of a recovery.
async function told(page, to, before) {
  const what = t('en', 'letter.changed.recovered');
  await mailed(page, to, (m) => !before.includes(m.id) && `${m.subject} ${m.text}`.includes(what));
}

let codes; // the recovery codes of the account, from the first scenario on

scenario('the passkey is lost: the mailbox and the phone on file let the member in', async () => {
  const page = await newPage();
  const keys = await authenticator(page);
  codes = await join(page);
  assert.equal(codes.length, 10, 'ten recovery codes are shown');
  const owed = await amounts(page);
  await signOut(page);
  await keys.lose();

  await toSecondProof(page);
  const [mails, texts] = [await ids(page, newcomer.email), await ids(page, newcomer.phone)];
  await fillFacts(page, newcomer, 'recover.zip');
  await mainButton(page, 'recover.file.button').click();
  await page.getByText(t(page.lang, 'recover.file.sent'), { exact: true }).waitFor();
  await page.getByLabel(t(page.lang, 'recover.code'), { exact: true }).fill(await codeSent(page, 'recover', newcomer.phone, texts));
  await next(page);
  await at(page, 'recover.password');
  await page.getByLabel(starts(t(page.lang, 'recover.password.new'))).fill('Iris Placeholder 1977');
  await mainButton(page, 'recover.password.button').click();
  await page.getByText(t(page.lang, 'password.personal')).first().waitFor();
  await page.getByLabel(starts(t(page.lang, 'recover.password.new'))).fill(secret);
  await mainButton(page, 'recover.password.button').click();
  await at(page, 'security.title');

  await page.goto('/bills');
  await at(page, 'bills.title');
  assert.deepEqual(await amounts(page), owed, 'the same bills as before');
  await told(page, newcomer.email, mails);
  await told(page, newcomer.phone, texts);
  await signOut(page);
  await typePassword(page, newcomer.email, secret);
  await at(page, 'bills.title');
  noProblems(page);
});

scenario('a recovery code is a second proof once, and other browsers are signed out', async () => {
  const other = await newPage();
  await typePassword(other, newcomer.email, secret);
  await at(other, 'bills.title');
  const again = `${secret} again`;
  for (const [n, works] of [[0, true], [0, false]]) {
    const page = await newPage();
    await toSecondProof(page);
    await page.getByLabel(starts(t(page.lang, 'recover.recovery.code'))).fill(codes[n].toLowerCase().replaceAll('-', ' '));
    await mainButton(page, 'recover.recovery.button').click();
    if (!works) {
      await page.getByText(t(page.lang, 'recovery.code')).first().waitFor();
      noProblems(page);
      continue;
    }
    await at(page, 'recover.password');
    await page.getByLabel(starts(t(page.lang, 'recover.password.new'))).fill(again);
    await mainButton(page, 'recover.password.button').click();
    await at(page, 'security.title');
    await other.goto('/bills');
    await at(other, 'signin.title');
    await typePassword(other, newcomer.email, secret);
    await other.getByText(t('en', 'signin.wrong')).first().waitFor();
    await typePassword(other, newcomer.email, again);
    await at(other, 'bills.title');
    noProblems(page);
  }
  noProblems(other);
});

scenario('a stranger who knows the address learns nothing and gets no code', async () => {
  const page = await newPage({ lang: 'es' });
  await page.goto('/recover');
  await at(page, 'recover.title');
  await field(page, 'signin.email').fill('nobody@members.example');
  await next(page);
  await at(page, 'recover.sent');
  await page.getByLabel(t(page.lang, 'recover.code'), { exact: true }).fill('000000');
  await next(page);
  await page.getByText(t(page.lang, 'recovery.code')).first().waitFor();
  assert.deepEqual(await ids(page, 'nobody@members.example'), []);
  noProblems(page);
});

await finish();

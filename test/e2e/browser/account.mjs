// The steps around an account, one function a step, by the names that people see: joining, codes, passkeys, signing in
// and out; and what arrived in the demo's mailbox.
import { createHmac } from 'node:crypto';
import { assert, demo } from './lib.mjs';
import { at, button, field, fillGuest, next } from './journey.mjs';
import { starts, t } from './words.mjs';

// newcomer is a demo member without an account, of whom an e-mail address and a phone are on file.
export const newcomer = { ...demo.members.find((m) => !m.password), email: 'iris@members.example', phone: '+15555550115' };

// authenticator gives the page's browser a holder of passkeys that says yes. lose takes it away, with its passkeys.
export async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2',
    transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  return {
    count: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length,
    lose: () => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
  };
}

// messages is what arrived in the demo's mailbox for one address or phone, the newest first.
export async function messages(page, to) {
  const answer = await page.request.get(`${demo.mailbox_url}/messages?to=${encodeURIComponent(to)}`);
  assert.equal(answer.status(), 200, 'the mailbox answers');
  return answer.json();
}

// mailed waits for a message to an address or phone that matches, and returns the newest. Some are sent only after a while.
export async function mailed(page, to, matches, seconds = 10) {
  for (let i = 0; i < 10 * seconds; i++) {
    const found = (await messages(page, to)).find(matches);
    if (found) return found;
    await page.waitForTimeout(100);
  }
  const there = (await messages(page, to)).map((m) => m.subject || m.text);
  throw new Error(`no such message to ${to} arrived; there are: ${there.join(' | ')}`);
}

// codeSent waits for a code for a purpose, such as 'join', to an address or phone, in either language. seen are the ids of
// older messages.
export async function codeSent(page, purpose, to, seen = []) {
  const names = ['en', 'es'].map((lang) => t(lang, `letter.code.${purpose}`));
  const m = await mailed(page, to, (one) => !seen.includes(one.id) && names.some((what) => one.subject === what || one.text.includes(what)));
  return m.text.match(/(?<!\d)\d{6}(?!\d)/)[0];
}

// ids are the ids of the messages to an address or phone so far.
export const ids = async (page, to) => (await messages(page, to)).map((m) => m.id);

// totp is what an authenticator app with this secret shows, `ahead` steps of 30 seconds from now.
export function totp(secret, ahead = 0) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replace(/[\s=]/g, '')].map((c) => letters.indexOf(c).toString(2).padStart(5, '0')).join('');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const sum = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest();
  return String((sum.readUInt32BE(sum[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

export const mainButton = (page, key, values) => page.getByRole('main').getByRole('button', { name: t(page.lang, key, values), exact: true });
export const mainLink = (page, key) => page.getByRole('main').getByRole('link', { name: t(page.lang, key), exact: true });
export const password = (page, key = 'signin.password') => page.getByLabel(t(page.lang, key), { exact: true });

// fillFacts types the number, the date of birth and the ZIP code of somebody.
export async function fillFacts(page, who, zip = 'join.zip') {
  await fillGuest(page, who);
  await page.getByLabel(starts(t(page.lang, zip))).fill(who.zip);
}

// joinFind, joinCode and joinEmail are the first steps of joining; each ends on the next. seen is shown each page on the way.
export async function joinFind(page, who = newcomer, seen = async () => {}) {
  await page.goto('/join');
  await at(page, 'join.title');
  await seen('join');
  await fillFacts(page, who);
  await next(page);
  await page.waitForURL(/\/contact$/);
  await seen('join-contact');
}

export async function joinCode(page, who = newcomer, seen = async () => {}) {
  const before = await ids(page, who.email);
  await page.getByRole('radio', { name: starts(t(page.lang, 'join.way.email', { Email: who.email[0] })) }).check();
  await mainButton(page, 'join.way.send').click();
  await page.waitForURL(/\/code$/);
  await seen('join-code');
  await page.getByLabel(starts(t(page.lang, 'join.code'))).fill(await codeSent(page, 'join', who.email, before));
  await next(page);
  await page.waitForURL(/\/email$/);
}

export async function joinEmail(page, who = newcomer, seen = async () => {}) {
  await seen('join-email');
  await page.getByRole('radio', { name: starts(who.email) }).check();
  await next(page);
  await page.waitForURL(/\/secure$/);
  await seen('join-secure');
}

// joinKey ends joining with a passkey, or with a password where one is given. It returns the recovery codes.
export async function joinKey(page, secret = '', seen = async () => {}) {
  if (secret) {
    await password(page).fill(secret);
    await mainButton(page, 'newkey.create').click();
  } else {
    await mainButton(page, 'newkey.passkey').click();
  }
  await page.waitForURL(/\/done$/);
  await page.getByText(t(page.lang, 'join.done.title')).first().waitFor();
  await seen('join-done');
  const codes = recoveryCodes(await page.getByRole('main').innerText());
  if (codes.length) await mainButton(page, 'join.codes.kept').click();
  else await mainLink(page, 'home.bills').click();
  await at(page, 'bills.title');
  return codes;
}

// recoveryCodes are the recovery codes in a text.
export const recoveryCodes = (text) => text.match(/\b[2-9A-Z]{3}-[2-9A-Z]{3}-[2-9A-Z]{4}\b/g) ?? [];

// join makes an account for somebody, with a passkey or a password, and returns its recovery codes.
export async function join(page, who = newcomer, secret = '', seen = undefined) {
  await joinFind(page, who, seen);
  await joinCode(page, who, seen);
  await joinEmail(page, who, seen);
  return joinKey(page, secret, seen);
}

export async function signOut(page, press = (b) => b.click()) {
  await press(button(page, 'shell.signout'));
  await at(page, 'signin.done');
}

// typePassword answers the sign-in page; what comes next depends on the account.
export async function typePassword(page, email, secret) {
  await page.goto('/sign-in');
  await field(page, 'signin.email').fill(email);
  await password(page).fill(secret);
  await mainButton(page, 'signin.button').click();
}

// deskSignIn signs one of the demo's staff in at the desk: the first of a role, or the one of a name.
export async function deskSignIn(page, roleOrName = 'agent') {
  const who = demo.staff.find((w) => w.role === roleOrName || w.name === roleOrName);
  await page.goto('/desk/sign-in');
  await field(page, 'signin.email').fill(who.email);
  await password(page).fill(who.password);
  await mainButton(page, 'signin.button').click();
  await page.waitForURL(/\/code/);
  await deskCode(page, who);
}

// deskCode answers the desk's question for a code of the authenticator app. A code is good once: where one was used already the
// next one follows, and where that was used too, the one after it when its time comes.
export async function deskCode(page, who) {
  for (const [ahead, wait] of [[0, false], [1, false], [1, true]]) {
    if (wait) await page.waitForTimeout(30_000 - Date.now() % 30_000);
    await page.getByLabel(starts(t(page.lang, 'desk.code.label'))).fill(totp(who.totp_secret, ahead));
    const answered = page.waitForResponse((r) => r.request().method() === 'POST');
    await mainButton(page, 'signin.button').click();
    if ((await answered).status() < 400) break; // on to the desk
    await page.getByText(t(page.lang, 'desk.error.code.wrong')).first().waitFor();
  }
  await at(page, 'desk.title');
}

// proveOnFile goes from the question for a second proof, or for another way than the mailbox, to the next step: three facts
// and a code by text to the phone on file. seen is shown each page on the way.
export async function proveOnFile(page, who = newcomer, seen = async () => {}) {
  await at(page, 'recover.file');
  await seen('recover-file');
  const before = await ids(page, who.phone);
  await fillFacts(page, who, 'recover.zip');
  await page.getByRole('radio', { name: starts(t(page.lang, 'recover.way.text')) }).check();
  await next(page);
  await page.waitForURL(/\/file-code$/);
  await seen('recover-file-code');
  await page.getByLabel(t(page.lang, 'recover.code'), { exact: true }).fill(await codeSent(page, 'recover', who.phone, before));
  await next(page);
}

// amounts are the amounts of money on a page, sorted.
export async function amounts(page) {
  return ((await page.getByRole('main').innerText()).match(/\$[\d,]+\.\d\d/g) ?? []).sort();
}

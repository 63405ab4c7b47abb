// The steps of the main job, one function a step, by the names that people see. Each ends on the next page and fails
// where that is not the page the step promises.
import { assert, demo } from './lib.mjs';
import { payButton, starts, t } from './words.mjs';

export const button = (page, key) => page.getByRole('button', { name: t(page.lang, key), exact: true });
export const field = (page, key) => page.getByLabel(starts(t(page.lang, key)));
export const heading = (page, key) => page.getByRole('heading', { level: 1, name: t(page.lang, key), exact: true });
export const radio = (page, key) => page.getByRole('radio', { name: starts(t(page.lang, key)) });

// at waits for the page with this heading.
export async function at(page, key) {
  await heading(page, key).waitFor({ timeout: 10_000 }).catch(async (err) => {
    const instead = await page.getByRole('heading', { level: 1 }).allInnerTexts().catch(() => []);
    throw new Error(`expected the page "${t(page.lang, key)}" and got "${instead.join(', ')}" at ${page.url()}`, { cause: err });
  });
}

export async function next(page) {
  await button(page, 'shell.continue').click();
}

// person is the n-th member of the demo's card, each with something to pay.
export function person(n = 0) {
  assert.ok(demo.members.length > 0, 'the demo names no member');
  return demo.members[n % demo.members.length];
}

// account is the n-th demo member who can sign in.
export function account(n = 0) {
  const able = demo.members.filter((m) => m.password);
  assert.ok(able.length >= 3, 'the demo promises three members to sign in as');
  return able[n % able.length];
}

export async function openHome(page, path = '/') {
  await page.goto(path);
  await at(page, 'home.title');
}

export async function fillGuest(page, who, number = who.member_id) {
  const [year, month, day] = who.date_of_birth.split('-').map(Number);
  await field(page, 'find.number').fill(number);
  await field(page, 'date.month').fill(String(month));
  await field(page, 'date.day').fill(String(day));
  await field(page, 'date.year').fill(String(year));
}

// findGuest goes from the first page to the choice of bills without an account.
export async function findGuest(page, who = person()) {
  await openHome(page);
  await button(page, 'home.guest').click();
  await at(page, 'find.title');
  await fillGuest(page, who);
  await next(page);
  await at(page, 'choose.title');
}

export async function signIn(page, who = account()) {
  await openHome(page);
  await button(page, 'home.signin').first().click();
  await field(page, 'signin.email').fill(who.email);
  await page.getByLabel(t(page.lang, 'signin.password'), { exact: true }).fill(who.password);
  await page.getByRole('main').getByRole('button', { name: t(page.lang, 'signin.button'), exact: true }).click();
  await at(page, 'bills.title');
}

// toChoice goes from "Your bills" to the choice of what to pay.
export async function toChoice(page) {
  await page.getByRole('button', { name: starts(t(page.lang, 'bills.pay')) }).first().click();
  await at(page, 'choose.title');
}

// anotherPayment goes to the choice of what to pay for somebody the site knows already.
export async function anotherPayment(page) {
  await page.goto('/bills');
  await toChoice(page);
}

// choose ticks exactly `count` bills (all: Infinity) and takes the full amount, or another amount such as '12.34'.
export async function choose(page, { count = 1, amount = '' } = {}) {
  const boxes = page.getByRole('main').getByRole('checkbox');
  const n = await boxes.count();
  assert.ok(n >= Math.min(count, 1), 'there is no bill to tick');
  for (let i = 0; i < n; i++) await boxes.nth(i).setChecked(i < count);
  if (amount) {
    await radio(page, 'choose.other').check();
    await field(page, 'choose.other.amount').fill(amount);
  } else {
    await radio(page, 'choose.full').check();
  }
  await next(page);
  await at(page, 'method.title');
}

// bankAccount is the first of the demo's whose description matches: one whose debit goes through, or another.
export function bankAccount(what = /settle|good|succeed|paid|goes through/i) {
  const found = demo.bank_accounts.find((b) => what.test(JSON.stringify(b)));
  assert.ok(found, `the demo has no bank account that matches ${what}`);
  return found;
}

// card is the number of the demo's test card with this label.
export function card(label) {
  const found = demo.cards.find((c) => c.label === label);
  assert.ok(found, `the demo has no card ${label}`);
  return found.number;
}

export async function fillBank(page, who, { savings = false, account = bankAccount(), email = '' } = {}) {
  await radio(page, 'method.bank').check();
  await revealed(page, field(page, 'method.bank.routing'));
  await field(page, 'method.bank.name').fill(who.name || 'Jordan Example');
  await field(page, 'method.bank.routing').fill(account.routing);
  await field(page, 'method.bank.account').fill(account.account);
  await field(page, 'method.bank.confirm').fill(account.account);
  await radio(page, savings ? 'method.bank.savings' : 'method.bank.checking').check();
  if (email) await field(page, 'method.email').fill(email);
}

// revealed waits until the fields of a method are there: at once, or on the page after Continue.
async function revealed(page, first) {
  if (!(await first.isVisible())) await next(page);
  await first.waitFor();
}

export async function fillCard(page, { number = '4242424242424242', zip = '12345', code = '123', email = '' } = {}) {
  await radio(page, 'method.card').check();
  const frame = page.frameLocator('iframe').first();
  const box = (key) => frame.getByLabel(starts(t(page.lang, key)));
  await box('method.card.number').fill(number);
  await box('method.card.expires').fill('12/34');
  await box('method.card.code').fill(number.startsWith('37') ? '1234' : code);
  await box('method.card.zip').fill(zip);
  if (email) await field(page, 'method.email').fill(email);
}

// toReview ends the step "How do you want to pay?" and returns the amount on the one button, such as "$12.34".
export async function toReview(page) {
  await next(page);
  await at(page, 'review.title');
  return (await page.getByRole('button', { name: payButton(page.lang) }).innerText()).match(/\$[\d,]+\.\d\d/)[0];
}

export async function pay(page) {
  await page.getByRole('button', { name: payButton(page.lang) }).click();
}

// confirmation waits for the page of a payment in the given state and returns its reference and confirmation number.
export async function confirmation(page, state = 'succeeded') {
  await at(page, `state.${state}.title`);
  const ref = new URL(page.url()).pathname.match(/^\/payments\/([^/]+)$/)?.[1];
  assert.ok(ref, `a payment's page stands at /payments/REF, not at ${page.url()}`);
  const text = await page.getByRole('main').innerText();
  assert.ok(text.includes(t(page.lang, 'paid.number')), 'the page shows a confirmation number');
  const number = text.match(/\b[2-9A-Z]{3}-[2-9A-Z]{3}-[2-9A-Z]{4}\b/)?.[0];
  assert.ok(number, 'the confirmation number is written in groups of 3, 3 and 4');
  return { ref, number, text };
}

// payByBank and payByCard go from "How do you want to pay?" to the page of the payment.
export async function payByBank(page, who = person(), options = {}) {
  await fillBank(page, who, options);
  const amount = await toReview(page);
  await pay(page);
  return { amount, ...(await confirmation(page, 'pending')) };
}

export async function payByCard(page, options = {}) {
  await fillCard(page, options);
  const amount = await toReview(page);
  await pay(page);
  return { amount, ...(await confirmation(page, 'succeeded')) };
}

// The names that people and these tests look elements up by. The English ones are written out: they are a promise of the
// product. The Spanish ones come from the catalog. t() checks that the English catalog still keeps the promise.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';

const promised = {
  'home.title': 'Pay your bill',
  'home.signin': 'Sign in',
  'home.guest': 'Pay without signing in',
  'home.create': 'Create an account',
  'home.find_id': 'Find my member ID',
  'home.help': 'Help',
  'find.title': 'Find your bill',
  'find.number': 'Member ID, bill number or pay code',
  'find.birth': 'Date of birth',
  'date.month': 'Month',
  'date.day': 'Day',
  'date.year': 'Year',
  'shell.continue': 'Continue',
  'shell.change': 'Change',
  'signin.email': 'Email',
  'signin.password': 'Password',
  'signin.button': 'Sign in',
  'bills.title': 'Your bills',
  'choose.title': 'Choose what to pay',
  'choose.full': 'Full amount',
  'choose.other': 'Other amount',
  'method.title': 'How do you want to pay?',
  'method.card': 'Card',
  'method.bank': 'Bank account',
  'method.card.number': 'Card number',
  'method.card.expires': 'Expiration date',
  'method.card.code': 'Security code',
  'method.card.zip': 'ZIP code',
  'method.bank.name': 'Name on account',
  'method.bank.routing': 'Routing number',
  'method.bank.account': 'Account number',
  'method.bank.confirm': 'Confirm account number',
  'method.bank.checking': 'Checking',
  'method.bank.savings': 'Savings',
  'method.email': 'Email for your receipt',
  'review.title': 'Review your payment',
  'review.button': 'Pay {{.Amount}}',
  'state.succeeded.title': 'Payment received',
  'state.pending.title': 'Payment submitted',
  'state.unknown.title': 'We are checking with your bank. Do not pay again.',
  'state.failed.title': 'Your payment did not go through',
  'state.action_required.title': 'Your bank wants to check it is you',
  'paid.number': 'Confirmation number',
  'paid.receipt': 'Download receipt (PDF)',
  'shell.print': 'Print',
};

const root = new URL('../../../internal/words/', import.meta.url);
const catalogs = Object.fromEntries(['en', 'es'].map((lang) => {
  const folder = new URL(`${lang}/`, root);
  return [lang, Object.assign({}, ...readdirSync(folder).map((f) => JSON.parse(readFileSync(new URL(f, folder), 'utf8'))))];
}));

for (const [key, text] of Object.entries(promised)) {
  assert.equal(catalogs.en[key], text, `the English sentence ${key} is a promised name`);
}

// t returns a sentence of the catalog, filled in. A sentence that counts is named with its form: "security.codes.left.other".
export function t(lang, key, values = {}) {
  const [, counts, form] = key.match(/^(.*)\.(one|other)$/) ?? [];
  const text = catalogs[lang][key] ?? catalogs[lang][counts]?.[form];
  assert.equal(typeof text, 'string', `no sentence ${key} in ${lang}`);
  return text.replace(/\{\{\.(\w+)\}\}/g, (_, name) => values[name]);
}

// starts matches an accessible name that begins with a sentence: a label may carry a hint after it.
export function starts(text) {
  return new RegExp(`^\\s*${escape(text)}`);
}

// payButton matches the one button that moves money, with any amount.
export function payButton(lang) {
  return new RegExp(`^\\s*${escape(t(lang, 'review.button', { Amount: '@' })).replace('@', '\\$[\\d,]+\\.\\d\\d')}\\s*$`);
}

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

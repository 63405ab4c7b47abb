// The steps of a call at the desk: a caller proves who they are, and a payment is begun with them.
import { mainButton, mainLink } from './account.mjs';
import { at, next, radio } from './journey.mjs';
import { starts, t } from './words.mjs';

export const label = (page, key) => page.getByLabel(starts(t(page.lang, key)));
export const shown = (page, key) => page.getByText(t(page.lang, key), { exact: true }).first().waitFor();

// proved begins a call in which the newcomer of the demo proves who they are.
export async function proved(page) {
  await page.goto('/desk/calls');
  await mainButton(page, 'call.open').click();
  await shown(page, 'call.check');
  for (const [fact, said] of Object.entries({ name: 'iris placeholder', birth: 'April 18, 1977', zip: '97004', street: '205' })) {
    await label(page, `call.fact.${fact}`).fill(said);
  }
  await mainButton(page, 'call.check.button').click();
  await shown(page, 'call.verified');
}

// begin chooses a bill and an amount with the caller. seen is shown the page on the way.
export async function begin(page, amount, seen = async () => {}) {
  await mainLink(page, 'phone.choose').click();
  await at(page, 'phone.choose');
  const boxes = page.getByRole('main').getByRole('checkbox');
  await boxes.first().setChecked(true);
  await radio(page, 'phone.how.other').check();
  await label(page, 'paid.amount').fill(amount);
  await seen();
  await next(page);
  await at(page, 'phone.title');
}

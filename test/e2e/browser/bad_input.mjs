// Bad input everywhere: a field error in plain words beside the field and in the summary, never a broken page, and what
// was typed is still there.
import { assert, finish, newPage, noProblems, scenario } from './lib.mjs';
import { at, button, choose, field, fillBank, fillGuest, findGuest, next, person, radio } from './journey.mjs';
import { t } from './words.mjs';

// refused fails unless the page came back with an error on this field and its text in the summary.
async function refused(page, input, why) {
  await page.waitForLoadState();
  const state = await input.evaluate((e) => {
    const marked = e.closest('[aria-invalid=true]') || e;
    const ids = [e, e.closest('fieldset')].filter(Boolean).flatMap((n) => (n.getAttribute('aria-describedby') || '').split(/\s+/)).filter(Boolean);
    return { invalid: marked.getAttribute('aria-invalid'), told: ids.map((id) => document.getElementById(id)?.innerText || '').join(' ') };
  });
  assert.equal(state.invalid, 'true', `${why}: the field is marked as wrong`);
  assert.match(state.told, /\w{3}/, `${why}: the field is described by its error`);
  assert.ok(!/\b(error|invalid|exception|null|undefined)\b/i.test(state.told.replace(/^Error: ?/i, '')), `${why}: plain words, not ${state.told}`);
  assert.match(await page.title(), /Check your answers/, `${why}: the title tells that something is to fix`);
}

const amounts = ['0', '0.00', '-5', '1e9', '12,34', '99999999.99', '999999999999999999999', '12.345', '$', 'abc', '', '1 2', 'NaN',
  '0x10', "5'; DROP TABLE bill;--", '<script>alert(1)</script>'];

scenario('amounts that cannot be paid', async () => {
  const page = await newPage();
  await findGuest(page, person(0));
  await page.getByRole('main').getByRole('checkbox').first().setChecked(true);
  for (const amount of amounts) {
    await radio(page, 'choose.other').check();
    await field(page, 'choose.other.amount').fill(amount);
    await next(page);
    await at(page, 'choose.title');
    await refused(page, field(page, 'choose.other.amount'), `amount ${JSON.stringify(amount)}`);
    assert.equal(await field(page, 'choose.other.amount').inputValue(), amount.trim());
  }
  noProblems(page);
});

scenario('amounts people really write', async () => {
  const page = await newPage();
  await findGuest(page, person(0));
  for (const amount of ['5', '5.1', '$5.10', ' 5.10 ', '5.10']) {
    await choose(page, { amount });
    await page.goBack();
    await at(page, 'choose.title');
  }
  noProblems(page);
});

scenario('digits of another script are read or refused in plain words', async () => {
  const page = await newPage();
  await findGuest(page, person(0));
  for (const amount of ['١٢', '१२.५०', '１２']) {
    await page.getByRole('main').getByRole('checkbox').first().setChecked(true);
    await radio(page, 'choose.other').check();
    await field(page, 'choose.other.amount').fill(amount);
    await next(page);
    if (await page.getByRole('heading', { level: 1, name: t('en', 'choose.title'), exact: true }).isVisible()) {
      await refused(page, field(page, 'choose.other.amount'), amount);
    } else {
      await at(page, 'method.title');
      await page.goBack();
      await at(page, 'choose.title');
    }
  }
  noProblems(page);
});

scenario('no bill ticked', async () => {
  const page = await newPage();
  await findGuest(page, person(0));
  const boxes = page.getByRole('main').getByRole('checkbox');
  for (let i = 0; i < await boxes.count(); i++) await boxes.nth(i).setChecked(false);
  await radio(page, 'choose.full').check();
  await next(page);
  await page.getByText(t('en', 'error.bills.required')).first().waitFor();
  noProblems(page);
});

const dates = [['', '', ''], ['13', '1', '1980'], ['2', '30', '1980'], ['2', '29', '2025'], ['0', '0', '0000'], ['1', '1', '3000'], ['1', '1', '85'],
  ['a', 'b', 'c'], ['-1', '5', '1980'], ['1', '1', '1700'], ['<b>', '1', '1980']];

scenario('dates of birth that cannot be', async () => {
  const page = await newPage();
  await page.goto('/pay');
  for (const [month, day, year] of dates) {
    await field(page, 'find.number').fill('A1234567');
    await field(page, 'date.month').fill(month);
    await field(page, 'date.day').fill(day);
    await field(page, 'date.year').fill(year);
    await next(page);
    await at(page, 'find.title');
    const marked = page.locator('input[aria-invalid=true]');
    assert.ok((await marked.count()) > 0, `${month}/${day}/${year} is marked as wrong`);
    assert.equal(await field(page, 'date.year').inputValue(), year, 'what was typed is kept');
  }
  noProblems(page);
});

const numbers = ['', ' ', '-', 'x'.repeat(500), '<script>alert(1)</script>', "' OR 1=1 --", '😀', '\u202eabc', '%00', '../../etc/passwd'];

scenario('numbers that are on no bill', async () => {
  const page = await newPage();
  await page.goto('/pay');
  page.on('dialog', () => page.problems.push('a script of the input ran'));
  for (const number of numbers) {
    await fillGuest(page, { member_id: number, date_of_birth: '1980-01-01' });
    await next(page);
    await at(page, 'find.title');
    assert.ok((await page.locator('input[aria-invalid=true]').count()) > 0
      || (await page.getByText(t('en', 'find.not_found')).count()) > 0
      || (await page.getByText(/many tries/).count()) > 0, `${number.slice(0, 30)} is answered`);
  }
  noProblems(page);
});

// The first six are wrong in one way each: a digit, two digits swapped, too short, too long, letters, all zeros.
const routings = ['021000022', '012000021', '02100002', '0210000210', '02100002A', '000000000', '', '-21000021', '0210 0002'];

scenario('bank accounts that cannot be', async () => {
  const page = await newPage();
  const who = person(0);
  await findGuest(page, who);
  await choose(page, { amount: '5.00' });
  for (const routing of routings) {
    await fillBank(page, who, { account: { routing, account: '123456789' } });
    await next(page);
    await at(page, 'method.title');
    await refused(page, field(page, 'method.bank.routing'), `routing number ${JSON.stringify(routing)}`);
  }
  for (const account of ['', '12', '123456789012345678', 'abc', '12 34 x']) {
    await fillBank(page, who, { account: { routing: '021000021', account } });
    await next(page);
    await at(page, 'method.title');
    await refused(page, field(page, 'method.bank.account'), `account number ${JSON.stringify(account)}`);
  }
  await fillBank(page, who, { account: { routing: '021000021', account: '123456789' } });
  await field(page, 'method.bank.confirm').fill('123456780');
  await next(page);
  await refused(page, field(page, 'method.bank.confirm'), 'two different account numbers');
  noProblems(page);
});

scenario('names and e-mail addresses', async () => {
  const page = await newPage();
  await findGuest(page, person(0));
  await choose(page, { amount: '5.00' });
  const good = { routing: '021000021', account: '123456789' };
  for (const name of ['', 'x'.repeat(200), '12345', '<<<>>>', '李小龙']) {
    await fillBank(page, { name: name || ' ' }, { account: good });
    await next(page);
    await refused(page, field(page, 'method.bank.name'), `name ${name.slice(0, 20)}`);
  }
  for (const email of ['nobody', 'a@', '@b.example', 'a b@c.example', `${'x'.repeat(300)}@example.com`]) {
    await fillBank(page, { name: "Zoë O'Brien-Ñandú" }, { account: good, email });
    await next(page);
    await refused(page, field(page, 'method.email'), `e-mail ${email.slice(0, 20)}`);
  }
  noProblems(page);
});

scenario('hostile addresses and forms answer without a 500', async () => {
  const page = await newPage();
  for (const path of ['/payments/x', '/payments/%00', '/bills/%2e%2e', '/bills/x', '/pay/x', '/payments/', `/${'a'.repeat(3000)}`, '/%F0%9F%98%80', '/pay?x=%zz']) {
    const answer = await page.goto(path);
    assert.ok(answer.status() < 500, `${answer.status()} for ${path.slice(0, 40)}`);
  }
  for (const [path, form] of [['/pay', { number: 'x' }], ['/pay', {}], ['/sign-in', {}], ['/sign-in', { email: 'x'.repeat(100_000) }]]) {
    const answer = await page.request.post(path, { form, headers: { 'Sec-Fetch-Site': 'same-origin' }, failOnStatusCode: false });
    assert.ok(answer.status() < 500, `${answer.status()} for a form sent to ${path}`);
  }
  await button(page, 'home.guest').count();
  noProblems(page);
});

await finish();

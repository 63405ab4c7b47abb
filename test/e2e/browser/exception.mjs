// The bank names another amount than was sent, and answers for a debit that nobody made: a supervisor looks into it, in Spanish,
// writes what was done, and opens it again; another one sees how it stands, in English.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assert, finish, look, newPage, noProblems, scenario } from './lib.mjs';
import { deskSignIn, mainButton } from './account.mjs';
import { at, button, choose, field, findGuest, payByBank, person, radio } from './journey.mjs';
import { starts, t } from './words.mjs';

const bank = join(dirname(process.env.MEMBERPAY_DEMO), 'bank');

// traceOf is the trace number under which the debit of a payment went to the bank.
async function traceOf(page, number) {
  const id = number.replace(/[^0-9A-Z]/g, '');
  for (let i = 0; i < 40; i++) {
    for (const name of readdirSync(join(bank, 'outbound')).filter((n) => n.endsWith('.ach'))) {
      const line = readFileSync(join(bank, 'outbound', name), 'utf8').split('\n').find((l) => l.startsWith('6') && l.includes(id));
      if (line) return line.slice(79, 94);
    }
    await page.waitForTimeout(500);
  }
  throw new Error(`the debit of ${number} is in no file`);
}

// says is a settlement report of the bank.
function says(name, ...lines) {
  writeFileSync(join(bank, 'inbound', `.${name}.tmp`), `trace_number,amount_cents,settled_on\n${lines.join('\n')}\n`);
  renameSync(join(bank, 'inbound', `.${name}.tmp`), join(bank, 'inbound', name));
}

scenario('what the bank says wrong is looked into, and closed with what was done', async () => {
  const [member, lead, other] = await Promise.all([newPage({ axe: true }), newPage({ axe: true, lang: 'es' }), newPage({ axe: true })]);
  await findGuest(member, person(0));
  await choose(member, { amount: '9.11' });
  const { number } = await payByBank(member, person(0));
  const trace = await traceOf(member, number);

  await deskSignIn(lead, 'supervisor');
  await lead.goto('/desk/exceptions');
  await lead.getByText(t('es', 'desk.exception.none'), { exact: true }).waitFor();
  await look(lead, 'exceptions-none');
  says('report-1.csv', `${trace},912,2026-11-24`, '091000010000777,12345,2026-11-24');
  const row = lead.getByRole('main').getByRole('row').filter({ hasText: number });
  for (let i = 0; i < 60 && !(await row.isVisible()); i++) {
    await lead.waitForTimeout(500);
    await lead.reload();
  }
  await look(lead, 'exceptions');
  await row.getByRole('link', { name: starts(t('es', 'desk.exception.kind.ach.amount_mismatch')) }).click();
  await at(lead, 'desk.exception.kind.ach.amount_mismatch');
  const text = await lead.getByRole('main').innerText();
  for (const s of ['$9.11', '$9.12', trace, number, t('es', 'desk.exception.do.ach.amount_mismatch')]) assert.ok(text.includes(s), `${s} is missing in ${text}`);
  await look(lead, 'exception');
  const address = lead.url();

  await deskSignIn(other, 'supervisor');
  await other.goto('/desk/exceptions');
  await look(other, 'exceptions');
  await other.goto(address);
  await look(other, 'exception');

  await mainButton(lead, 'desk.exception.close.button').click();
  await lead.getByText(t('es', 'desk.error.exception.note')).first().waitFor();
  await look(lead, 'exception-no-note');
  await field(lead, 'desk.exception.note').fill('El banco leyó mal un archivo; lo envió de nuevo el martes.\nHabló con ellos: Sol.');
  await mainButton(lead, 'desk.exception.close.button').click();
  await lead.getByText(t('es', 'desk.exception.reopen')).waitFor();
  await look(lead, 'exception-closed');

  await field(other, 'desk.exception.note').fill('The bank is sorry.');
  await mainButton(other, 'desk.exception.close.button').click();
  await other.getByText(t('en', 'desk.error.exception.over')).first().waitFor();
  await look(other, 'exception-closed-before');
  await other.getByText(t('en', 'desk.exception.reopen')).click();
  await field(other, 'desk.exception.reopen.why').fill('Their second file has the same amount.');
  await mainButton(other, 'desk.exception.reopen.button').click();
  await other.getByText(t('en', 'desk.exception.state.again'), { exact: true }).waitFor();
  await look(other, 'exception-again');
  await field(other, 'desk.exception.note').fill('The third file is right.');
  await mainButton(other, 'desk.exception.close.button').click();
  await other.getByText(t('en', 'desk.exception.reopen')).waitFor();

  says('report-2.csv', `${trace},912,2026-11-24`, '', `${trace},912,2026-11-24`);
  const again = other.getByText(t('en', 'desk.exception.step.again'), { exact: true });
  for (let i = 0; i < 60 && !(await again.isVisible()); i++) {
    await other.waitForTimeout(500);
    await other.reload();
  }
  await other.getByText(/report-2\.csv/).waitFor();
  await look(other, 'exception-news');
  await lead.goto('/desk/exceptions');
  await look(lead, 'exceptions-again');
  for (const page of [lead, other]) {
    await page.goto('/desk/overview');
    await look(page, 'overview-exceptions');
  }
  await other.goto(address);
  await field(other, 'desk.exception.note').fill('The bank sent the file of Monday a second time.');
  await mainButton(other, 'desk.exception.close.button').click();
  for (const page of [lead, other]) {
    await page.goto('/desk/exceptions');
    await radio(page, 'desk.exception.show.closed').check();
    await button(page, 'desk.cases.show.button').click();
    await page.getByRole('main').getByRole('row').filter({ hasText: number }).waitFor();
    await look(page, 'exceptions-closed');
    await page.goto('/desk');
    await look(page, 'desk-supervisor');
  }
  for (const page of [member, lead, other]) noProblems(page);
});

await finish();

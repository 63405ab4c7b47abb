// A guest asks and one of the staff answers, in two browsers at once: live, with a file, handed on, closed, rated, with a copy
// by e-mail; in three, handed to a colleague by name. All sides break no accessibility rule, in light and dark, at 320 and 1280 pixels, in English and Spanish.
import { assert, axe, demo, finish, newPage, noHorizontalScroll, noProblems, scenario, screenshot } from './lib.mjs';
import { deskSignIn, ids, mailed } from './account.mjs';
import { at, button, field } from './journey.mjs';
import { starts, t } from './words.mjs';

const guest = 'nora@members.example';
const text = (page, key) => page.locator('main').getByText(t(page.lang, key)).first();
const write = async (page, words) => {
  await page.locator('#text').fill(words);
  await button(page, 'chat.send').click();
};

// isClosed waits for a page that nobody loads again to be that of a closed conversation.
async function isClosed(page) {
  await button(page, 'chat.rate.button').waitFor();
  await page.locator('[data-status]').getByText(t(page.lang, 'chat.status.closed.rate')).waitFor();
  assert.ok(await button(page, 'chat.copy.button').isVisible(), 'a copy can be had');
  assert.equal(await page.locator('#text').count(), 0, 'there is nothing to write in');
  assert.equal(await button(page, 'chat.leave').count(), 0, 'and nothing to end');
  assert.equal(await page.getByRole('alert').filter({ visible: true }).count(), 0, 'nothing went wrong');
}

// looked checks a page in every look it has.
async function looked(page, name) {
  for (const dark of [false, true]) {
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await axe(page, `${name} at ${width}, ${dark ? 'dark' : 'light'}`);
      await noHorizontalScroll(page, `${name} at ${width}`);
      await screenshot(page, `chat-${name}-${page.lang}-${width}-${dark ? 'dark' : 'light'}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

scenario('a guest and an agent talk, each in their own browser', async () => {
  const desk = await newPage({ axe: true });
  await deskSignIn(desk, 'agent');
  await desk.goto('/desk/chats');
  if (await button(desk, 'chat.desk.begin').count()) await button(desk, 'chat.desk.begin').click();
  await text(desk, 'chat.desk.on').waitFor();
  await looked(desk, 'board');

  const page = await newPage({ lang: 'es', axe: true });
  await page.goto('/');
  await page.getByRole('link', { name: t('es', 'chat.nav'), exact: true }).click();
  await at(page, 'chat.title');
  await text(page, 'chat.open.title').waitFor();
  await looked(page, 'start');
  await page.getByLabel(starts(t('es', 'chat.name'))).fill('Nora');
  await page.getByLabel(starts(t('es', 'chat.email'))).fill(guest);
  await page.getByLabel(starts(t('es', 'chat.question'))).fill('¿Me cobraron dos veces?');
  await button(page, 'chat.start').click();
  await at(page, 'chat.page.title');

  const waiting = desk.locator('[aria-labelledby="board-waiting"]');
  await waiting.getByRole('link', { name: 'Nora' }).click(); // the board shows her without being loaded again
  await button(desk, 'chat.desk.take').click();
  await page.locator('[data-log]').getByText('Amal').first().waitFor();

  await desk.locator('#reply').selectOption({ label: 'Hello' });
  await button(desk, 'chat.desk.reply.use').click();
  assert.match(await desk.locator('#text').inputValue(), /^Hola/, 'the ready answer is in her language');
  await button(desk, 'chat.send').click();
  await page.locator('[data-log]').getByText('¿En qué puedo ayudarle hoy?').waitFor();
  await desk.waitForFunction(() => document.querySelector('#text').value === ''); // what was sent is out of the field

  await page.locator('#text').pressSequentially('Mi tarjeta');
  await desk.locator('[data-typing-line]').getByText('Nora').waitFor();
  await page.locator('#text').fill('Mi tarjeta es 4242 4242 4242 4242');
  await page.keyboard.press('Enter');
  await text(page, 'chat.event.card').waitFor();
  assert.ok(!(await page.content()).includes('4242'), 'no card number on the page');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'text', 'the focus stays in the field');
  await desk.locator('[data-log]').getByText('[card number removed]').waitFor();
  await desk.locator('.chat-seen').waitFor({ state: 'attached' });

  await page.locator('.chat-attach summary').click();
  await page.locator('#file').setInputFiles({ name: 'la factura.pdf', mimeType: 'application/pdf', buffer: Buffer.from('no PDF at all') });
  await button(page, 'chat.send').click();
  await text(page, 'chat.error.file.lies').waitFor();
  await page.locator('#file').setInputFiles({ name: 'la factura.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7\n%%EOF\n') });
  await button(page, 'chat.send').click();
  await desk.getByRole('link', { name: 'la factura.pdf' }).waitFor();
  await page.getByRole('link', { name: 'la factura.pdf' }).waitFor();
  await looked(page, 'member');
  await looked(desk, 'desk');

  // The connection is lost while she writes: the words stay in the field, and go out once.
  await page.context().setOffline(true);
  await write(page, 'Sigo aquí');
  await text(page, 'chat.js.failed').waitFor();
  assert.equal(await page.locator('#text').inputValue(), 'Sigo aquí');
  await write(desk, 'Un momento, por favor.');
  await page.context().setOffline(false);
  await button(page, 'chat.send').click();
  await desk.locator('[data-log]').getByText('Sigo aquí').waitFor();
  await page.locator('[data-log]').getByText('Un momento, por favor.').waitFor();
  assert.equal(await page.locator('[data-log]').getByText('Un momento, por favor.').count(), 1);
  assert.equal(await desk.locator('[data-log]').getByText('Sigo aquí').count(), 1);

  await desk.getByLabel(starts(t('en', 'chat.desk.note'))).fill('She was charged once. Please send the receipt.');
  await button(desk, 'chat.desk.transfer.button').click();
  await text(page, 'chat.event.queued').waitFor();
  await button(desk, 'chat.desk.next').click();
  // The demo's own conversations may wait longer: take hers.
  await desk.goto('/desk/chats');
  const hers = desk.getByRole('link', { name: 'Nora' }).first();
  await hers.click();
  if (await button(desk, 'chat.desk.take').count()) await button(desk, 'chat.desk.take').click();
  await desk.getByText('She was charged once.').waitFor();
  assert.ok(!(await page.content()).includes('She was charged once'), 'she does not read the note');
  await write(desk, 'Solo una vez. Le enviamos el recibo.');
  await page.locator('[data-log]').getByText('Le enviamos el recibo').waitFor();
  await text(desk, 'chat.desk.close').click();
  await button(desk, 'chat.desk.close.yes').click();
  await isClosed(page);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), t('es', 'chat.rate.title'), 'whoever wrote goes on at what comes next');
  await looked(page, 'closed');
  await page.getByLabel(t('es', 'chat.rate.5'), { exact: true }).check();
  await button(page, 'chat.rate.button').click();
  await text(page, 'chat.rate.done').waitFor();
  const before = await ids(page, guest);
  await button(page, 'chat.copy.button').click();
  await text(page, 'chat.copy.done').waitFor();
  const copy = await mailed(page, guest, (m) => !before.includes(m.id) && m.subject === t('es', 'letter.chat.copy'));
  assert.match(copy.text, /Le enviamos el recibo/);
  assert.ok(!copy.text.includes('4242'));
  noProblems(page);
  noProblems(desk);
});

scenario('an agent hands a guest to a colleague by name, who goes on at once', async () => {
  const [amal, bela, page] = await Promise.all([newPage({ axe: true }), newPage({ axe: true }), newPage({ axe: true })]);
  await deskSignIn(bela, 'Bela Imagined');
  await bela.goto('/desk/chats');
  await button(bela, 'chat.desk.begin').click();
  await text(bela, 'chat.desk.on').waitFor();
  await deskSignIn(amal, 'Amal Notreal');
  await amal.goto('/desk/chats');
  if (await button(amal, 'chat.desk.begin').count()) await button(amal, 'chat.desk.begin').click();

  await page.goto('/chat');
  await page.getByLabel(starts(t('en', 'chat.name'))).fill('Oren');
  await page.getByLabel(starts(t('en', 'chat.question'))).fill('Two bills came for one visit. Is that right?');
  await button(page, 'chat.start').click();
  await at(page, 'chat.page.title');
  await page.evaluate(() => { globalThis.stayed = true; }); // gone if the page is ever loaded again
  const log = (who) => who.locator('[data-log]');
  const list = (who, which) => who.locator(`[aria-labelledby="board-${which}"]`);

  await list(amal, 'waiting').getByRole('link', { name: 'Oren' }).click();
  await button(amal, 'chat.desk.take').click();
  await write(amal, 'Let me look at both.');
  await log(page).getByText('Let me look at both.').waitFor();
  const shared = list(bela, 'others').getByRole('listitem').filter({ hasText: 'Oren' });
  await shared.getByText(t('en', 'chat.desk.with', { Name: 'Amal' })).waitFor();
  assert.equal(await list(bela, 'mine').getByRole('link').count(), 0, 'nothing is hers yet');

  // Without a note it is refused, and the colleague stays chosen.
  const to = amal.getByLabel(t('en', 'chat.desk.to'), { exact: true });
  await to.selectOption({ label: 'Bela Imagined' });
  await button(amal, 'chat.desk.transfer.button').click();
  await amal.getByRole('link', { name: t('en', 'chat.error.note') }).waitFor();
  assert.equal(await to.locator('option:checked').innerText(), 'Bela Imagined');
  await looked(amal, 'transfer');
  await amal.getByLabel(starts(t('en', 'chat.desk.note'))).fill('He has two bills for one visit: one of the clinic, one of the laboratory.');
  await button(amal, 'chat.desk.transfer.button').click();

  // Hers at once, on a board that nobody loads again, and no longer his.
  const hers = list(bela, 'mine').getByRole('listitem').filter({ hasText: 'Oren' });
  await hers.getByText(t('en', 'chat.desk.new'), { exact: true }).waitFor();
  assert.equal(await shared.count(), 0);
  await list(amal, 'others').getByRole('listitem').filter({ hasText: 'Oren' }).getByText(t('en', 'chat.desk.with', { Name: 'Bela' })).waitFor();
  assert.equal(await list(amal, 'mine').getByRole('link', { name: 'Oren' }).count(), 0);
  await looked(bela, 'handed-board');
  await log(page).getByText(t('en', 'chat.event.moved', { Name: 'Bela' })).waitFor();
  await page.locator('[data-status]').getByText(t('en', 'chat.status.open', { Name: 'Bela' })).waitFor();

  await hers.getByRole('link').click();
  await text(bela, 'chat.desk.yours').waitFor();
  await log(bela).getByText('one of the laboratory').waitFor();
  await log(bela).getByText('Let me look at both.').waitFor();
  await looked(bela, 'handed');
  await write(bela, 'Yes: one is of the clinic, one of the laboratory.');
  await log(page).getByText('one of the laboratory').waitFor();
  assert.equal(await log(page).getByText('one of the laboratory').count(), 1, 'he reads the answer once, and no note');
  await write(page, 'Thank you, Bela.');
  await log(bela).getByText('Thank you, Bela.').waitFor();
  assert.ok(await page.evaluate(() => globalThis.stayed), 'his page was never loaded again');
  await looked(page, 'handed-guest');

  // Amal can still look, and does not answer any more.
  await list(amal, 'others').getByRole('link', { name: 'Oren' }).click();
  await amal.locator('[data-status]').getByText(t('en', 'chat.desk.others', { Name: 'Bela' })).waitFor();
  assert.equal(await amal.locator('#text').count(), 0, 'there is nothing to write in');
  await log(amal).getByText('Thank you, Bela.').waitFor();
  amal.lang = 'es';
  await amal.goto(`${new URL(amal.url()).pathname}?lang=es`);
  await looked(amal, 'handed-other');

  // Back to Amal, who looks at it meanwhile, and from him again, while he looks.
  await bela.getByLabel(t('en', 'chat.desk.to'), { exact: true }).selectOption({ label: 'Amal Notreal' });
  await bela.getByLabel(starts(t('en', 'chat.desk.note'))).fill('He has one more question.');
  await button(bela, 'chat.desk.transfer.button').click();
  await amal.getByRole('alert').getByText(t('es', 'chat.js.yours')).waitFor();
  await looked(amal, 'handed-to-me');
  await amal.getByRole('link', { name: t('es', 'chat.refresh') }).click();
  await amal.locator('#text').fill('Soy Amal');
  await list(bela, 'others').getByRole('link', { name: 'Oren' }).click();
  await bela.getByLabel(t('en', 'chat.desk.to'), { exact: true }).selectOption({ label: t('en', 'chat.desk.to_me') });
  await bela.getByLabel(starts(t('en', 'chat.desk.note'))).fill('I take it back.');
  await button(bela, 'chat.desk.transfer.button').click();
  await amal.getByRole('alert').getByText(t('es', 'chat.js.theirs')).waitFor();
  await button(amal, 'chat.send').click();
  await amal.getByRole('alert').getByText(t('es', 'chat.error.not_taken')).waitFor();
  assert.equal(await amal.locator('#text').inputValue(), 'Soy Amal', 'what was written stays');
  assert.equal(await log(page).getByText('Soy Amal').count(), 0);
  bela.lang = 'es';
  await bela.goto(`${new URL(bela.url()).pathname}?lang=es`);
  await looked(bela, 'handed');
  await text(bela, 'chat.desk.close').click();
  await button(bela, 'chat.desk.close.yes').click();
  await isClosed(page);
  assert.ok(await page.evaluate(() => globalThis.stayed), 'nor was it to be closed');
  for (const one of [amal, bela, page]) noProblems(one);
});

scenario('without scripts it is a plain thread, and the link of an e-mail opens it elsewhere', async () => {
  const page = await newPage({ javaScriptEnabled: false });
  await page.goto('/chat');
  await page.getByLabel(starts(t('en', 'chat.email'))).fill('paul@members.example');
  await page.getByLabel(starts(t('en', 'chat.question'))).fill('When is my payment good?');
  await page.locator('main form button').first().click();
  await at(page, 'chat.page.title');
  await write(page, 'It was on Monday.');
  const desk = await newPage();
  await deskSignIn(desk, 'agent');
  await desk.goto(page.url().replace('/chat/', '/desk/chats/'));
  await button(desk, 'chat.desk.take').click();
  await write(desk, 'In 2 to 3 business days.');
  await desk.locator('[data-log]').getByText('In 2 to 3 business days.').waitFor();
  await page.getByRole('link', { name: t('en', 'chat.refresh') }).click();
  await page.getByText('In 2 to 3 business days.').waitFor();
  await page.locator('details', { hasText: t('en', 'chat.more') }).locator('summary').click();
  await button(page, 'chat.copy.button').click();
  const copy = await mailed(page, 'paul@members.example', (m) => m.subject === t('en', 'letter.chat.copy'));
  const other = await newPage();
  await other.goto(copy.text.match(/https?:\S+\/chat-link\/\S+/)[0]);
  await button(other, 'chat.link.button').click();
  await other.getByText('In 2 to 3 business days.').waitFor();
  noProblems(page);
  noProblems(other);
});

await finish();

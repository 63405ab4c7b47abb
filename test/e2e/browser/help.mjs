// The help center from both sides: a reader finds an article in spite of a typo and says why it did not help; an administrator
// writes it anew, looks at it, publishes it and goes back to the shipped one; readers see each at once.
import { assert, axe, finish, look, newPage, noProblems, scenario } from './lib.mjs';
import { deskSignIn, mainButton, mainLink } from './account.mjs';
import { at } from './journey.mjs';
import { starts, t } from './words.mjs';

const label = (page, key) => page.getByLabel(starts(t(page.lang, key)));
const article = '/help/articles/refund';

scenario('a reader finds an article with a typo and says that it did not help; staff writes it anew and goes back', async () => {
  const [desk, reader] = await Promise.all([newPage({ axe: true }), newPage({ axe: true })]);
  await reader.goto('/help');
  await label(reader, 'help.search').fill('refnd');
  await mainButton(reader, 'help.search.button').click();
  await reader.getByRole('main').getByRole('link', { name: /refund/i }).first().waitFor();
  await reader.goto(article);
  const before = (await reader.getByRole('heading', { level: 1 }).innerText()).trim();
  await reader.getByRole('radio', { name: starts(t('en', 'help.helpful.no')) }).check();
  await label(reader, 'help.comment').fill('It does not say how long it takes.');
  await mainButton(reader, 'help.helpful.button').click();
  await reader.getByText(t('en', 'help.helpful.thanks'), { exact: true }).first().waitFor();

  await deskSignIn(desk, 'administrator');
  await desk.goto('/desk/help');
  await at(desk, 'desk.help.title');
  await look(desk, 'desk-help');
  await desk.getByText(t('en', 'desk.help.counts', { Yes: '0', No: '1' })).first().waitFor();
  await desk.goto('/desk/help/refund/en');
  await label(desk, 'desk.help.name').fill('Money back from us');
  await label(desk, 'desk.help.body').fill('It takes **ten days**.\n\n<b onclick="alert(1)">bold</b>');
  await mainButton(desk, 'desk.help.preview').click();
  await desk.getByRole('link', { name: t('en', 'desk.help.bad.html', { Line: '3', What: '<b onclick="alert(1)">' }) }).waitFor();
  await look(desk, 'desk-help-mistakes');
  await label(desk, 'desk.help.body').fill('It takes **ten days**.\n\nNot `<b onclick="alert(1)">bold</b>`.');
  await mainButton(desk, 'desk.help.preview').click();
  await desk.getByText(t('en', 'desk.help.preview.note')).waitFor();
  assert.equal(await desk.locator('main strong', { hasText: 'ten days' }).count(), 1, 'the preview is rendered');
  assert.equal(await desk.locator('[onclick]').count(), 0, 'markup of the text is not taken');
  await look(desk, 'desk-help-preview');
  await reader.goto(article);
  assert.equal((await reader.getByRole('heading', { level: 1 }).innerText()).trim(), before, 'a preview is not published');

  await mainButton(desk, 'desk.help.publish').click();
  await desk.getByText(t('en', 'desk.help.done')).waitFor();
  await look(desk, 'desk-help-published');
  await reader.goto(article);
  await reader.getByRole('heading', { level: 1, name: 'Money back from us' }).waitFor();
  await look(reader, 'help-published');

  await mainButton(desk, 'desk.help.withdraw').click();
  await desk.getByText(t('en', 'desk.help.done')).waitFor();
  await reader.goto(article);
  assert.equal((await reader.getByRole('heading', { level: 1 }).innerText()).trim(), before, 'readers see the shipped one again');

  await reader.goto('/contact');
  await mainLink(reader, 'contact.chat.link').waitFor();
  await look(reader, 'contact');
  noProblems(desk);
  noProblems(reader);
});

await finish();

// The mails around an account, as they arrive in the demo's mailbox: text and HTML, from the organisation's own address,
// with links to its own pages alone, without a word about care; readable on a small phone and by a screen reader.
import { assert, axe, demo, finish, newPage, noHorizontalScroll, noProblems, scenario, screenshot } from './lib.mjs';
import { codeSent, join, mailed, mainButton, mainLink, messages, newcomer, password, proveOnFile, typePassword } from './account.mjs';
import { careIn } from './care.mjs';
import { account, at, field, next, signIn } from './journey.mjs';
import { starts, t } from './words.mjs';

const secret = 'otter cedar velvet canyon';
const moved = 'iris.moved@members.example';

// clinical are words that say what care somebody had, in both languages.
const clinical = /\b(diagnos\w*|procedur\w*|procedimient\w*|doctor\w*|physician\w*|médic[oa]\w*|nurse|patient\w*|pacient\w*|treatment\w*|tratamient\w*|therap\w*|terapia|symptom\w*|síntoma\w*|illness|enfermedad\w*|hospital\w*|clinic\w*|clínic\w*|surger\w*|cirug\w*|visit to|x-ray|radiograf\w*|blood|sangre|dental|vaccin\w*|vacuna\w*|prescription\w*|receta\w*|provider\w*|proveedor\w*)\b/gi;

// arrived are the mails that the scenarios below caused, each once.
const arrived = new Map();

async function expect(page, to, matches) {
  const m = await mailed(page, to, matches);
  arrived.set(m.id, m);
  return m;
}

const subject = (lang, key, values) => (m) => m.subject === t(lang, key, values);

scenario('joining, a new browser, getting back in and a new address are told by mail', async () => {
  const page = await newPage();
  await join(page, newcomer, secret);
  await expect(page, newcomer.email, subject('en', 'letter.code.join'));
  await expect(page, newcomer.email, subject('en', 'letter.opened.subject'));

  const other = await newPage();
  await typePassword(other, newcomer.email, secret);
  await at(other, 'bills.title');
  await expect(page, newcomer.email, subject('en', 'letter.changed.new_device'));

  await other.goto('/account/email');
  await field(other, 'contact.email.new').fill(moved);
  await mainButton(other, 'contact.send').click();
  await at(other, 'contact.code.title');
  await field(other, 'contact.code').fill(await codeSent(other, 'contact', moved));
  await mainButton(other, 'contact.code.button').click();
  await at(other, 'account.title');
  await expect(page, moved, subject('en', 'letter.code.contact'));
  await expect(page, newcomer.email, subject('en', 'letter.changed.email')); // where somebody would see that it was not them

  const lost = await newPage();
  await lost.goto('/recover');
  await field(lost, 'signin.email').fill(moved);
  await next(lost);
  await at(lost, 'recover.sent');
  await lost.getByLabel(t('en', 'recover.code'), { exact: true }).fill(await codeSent(lost, 'recover', moved));
  await next(lost);
  await lost.waitForURL(/\/recover\/(more|secure)$/);
  if (lost.url().endsWith('/more')) {
    await mainLink(lost, 'recover.file.go').click();
    await proveOnFile(lost);
  }
  await at(lost, 'recover.secure');
  await password(lost).fill(`${secret} again`);
  await mainButton(lost, 'recover.password.button').click();
  await at(lost, 'security.title');
  await expect(page, moved, subject('en', 'letter.code.recover'));
  for (const to of [moved, newcomer.email]) await expect(page, to, subject('en', 'letter.changed.recovered'));
  for (const one of [page, other, lost]) noProblems(one);
});

scenario('a helper is invited by mail, in the language of who invites', async () => {
  for (const [lang, who] of [['en', account(0)], ['es', account(1)]]) {
    const page = await newPage({ lang });
    const to = `noor-${lang}@helpers.example`;
    await signIn(page, who);
    await page.goto('/household/helpers/new');
    await page.getByLabel(starts(t(lang, 'household.name'))).fill('Noor Stand-In');
    await page.getByLabel(starts(t(lang, 'household.email'))).fill(to);
    await page.getByRole('group', { name: starts(t(lang, 'household.for')) }).getByRole('checkbox').first().check();
    await mainButton(page, 'household.invite.send').click();
    const m = await expect(page, to, subject(lang, 'letter.invited.subject'));
    assert.ok(m.html.includes(`<html lang="${lang}"`), `the mail is in ${lang}`);
  }
});

scenario('every mail is plain, our own, and says nothing about care', async () => {
  const page = await newPage({ axe: true, width: 320, height: 640 });
  const all = [...arrived.values(), ...(await messages(page, '')).filter((m) => m.kind === 'mail' && !arrived.has(m.id))];
  assert.ok(arrived.size >= 10, `${arrived.size} mails`);
  const own = new URL(demo.url).origin;
  for (const m of all) {
    const what = `"${m.subject}" to ${m.to}`;
    assert.match(m.from, /<[^<>@]+@larkspur\.example>$/, `${what} is from ${m.from}`);
    assert.ok(m.text.trim().length > 80, `${what} has a text`);
    assert.match(m.html, /^<!doctype html>\s*<html lang="(en|es)"/i, `${what} has HTML that says its language`);
    const links = [...m.text.matchAll(/https?:\/\/[^\s<>"]+/g), ...m.html.matchAll(/\b(?:href|src|action|background)="([^"]*)"/g)].map((l) => l[1] ?? l[0]);
    for (const link of links) assert.ok(/^(data:|tel:)/.test(link) || new URL(link).origin === own, `${what} leads to ${link}`);
    const said = `${m.subject}\n${m.text}\n${m.html.replace(/<[^>]+>/g, ' ')}`;
    assert.deepEqual(careIn(said), [], `${what} tells about care`);
    assert.deepEqual(said.match(clinical) ?? [], [], `${what} has a clinical word`);
  }
  const looked = new Set();
  for (const m of all) {
    if (looked.has(m.subject)) continue;
    looked.add(m.subject);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.setContent(m.html);
      await noHorizontalScroll(page, m.subject);
      await axe(page, `"${m.subject}" ${colorScheme}`, { contrast: colorScheme === 'light' });
    }
    await screenshot(page, `mail-${m.subject.replace(/[^a-z0-9]+/gi, '-')}`);
  }
});

await finish();

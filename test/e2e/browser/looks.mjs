// Every page of accounts, of the household and of the desk, in both languages, on a small phone and a desktop, light, dark
// and in forced colors: no accessibility violation, no horizontal scroll, one first heading, the right language.
import { assert, axe, demo, finish, newPage, noHorizontalScroll, noProblems, scenario, screenshot, wholeWords } from './lib.mjs';
import { authenticator, codeSent, deskCode, ids, join, joinCode, joinEmail, joinFind, mailed, mainButton, mainLink, newcomer,
  password, proveOnFile, signOut, typePassword } from './account.mjs';
import { account, at, choose, field, next, payByBank, person, radio, signIn, toChoice } from './journey.mjs';
import { starts, t } from './words.mjs';

// looksOf are the ways each page is looked at. Together the two languages see every width, scheme and forced colors.
const looksOf = {
  en: [{ name: '1280-light', width: 1280, colorScheme: 'light', forcedColors: 'none' }, { name: '320-dark', width: 320, colorScheme: 'dark', forcedColors: 'none' }],
  es: [{ name: '320-light', width: 320, colorScheme: 'light', forcedColors: 'none' }, { name: '1280-forced', width: 1280, colorScheme: 'dark', forcedColors: 'active' }],
};

const pages = []; // the names of all pages looked at

// look inspects the page where it stands; what was typed stays.
async function look(page, name) {
  pages.push(name);
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, `${name} has one first heading`);
  assert.equal(await page.locator('html').getAttribute('lang'), page.lang, `${name} is in ${page.lang}`);
  assert.ok((await page.title()).length > 5, `${name} has a title`);
  for (const { name: how, width, ...media } of looksOf[page.lang]) {
    await page.emulateMedia(media);
    await page.setViewportSize({ width, height: 900 });
    await noHorizontalScroll(page, `${name} ${how}`);
    await wholeWords(page, `${name} ${how}`);
    await axe(page, `${name} ${how}`, { contrast: media.forcedColors === 'none' });
    await screenshot(page, `${page.lang}-${name}-${how}`);
  }
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
}

// visit opens an address and looks at it.
async function visit(page, path, name = path.slice(1).replace(/[/?=]/g, '-')) {
  const answer = await page.goto(path);
  assert.ok(answer.status() < 400 || /gone|over/.test(name), `${path} answers ${answer.status()}`);
  await look(page, name);
}

const main = (page) => page.getByRole('main');
const label = (page, key) => page.getByLabel(starts(t(page.lang, key)));
const open = (lang) => newPage({ lang, axe: true });

// able is who signs in: somebody else in each language, so that what one changes does not show at the other.
const able = { en: account(0), es: account(1) };
// accountless is who gets a code to join with at the desk: nobody of them joins in another walk.
const accountless = Object.fromEntries(['en', 'es'].map((lang, i) => [lang, demo.members.filter((m) => !m.password && m.member_id !== newcomer.member_id)[i]]));
const worker = (role) => demo.staff.find((w) => w.role === role);

async function anyone(page) {
  await visit(page, '/sign-in');
  await mainButton(page, 'signin.button').click();
  await look(page, 'sign-in-mistakes');
  await visit(page, '/recover');
  await field(page, 'signin.email').fill('nobody@members.example');
  await next(page);
  await at(page, 'recover.sent');
  await look(page, 'recover-code');
  await visit(page, '/find-my-id');
  await mainButton(page, 'findid.send').click();
  await look(page, 'find-my-id-mistakes');
  await label(page, 'findid.first_name').fill('Iris');
  await label(page, 'findid.last_name').fill('Placeholder');
  await field(page, 'date.month').fill('4');
  await field(page, 'date.day').fill('18');
  await field(page, 'date.year').fill('1977');
  await label(page, 'findid.zip').fill('97004');
  await mainButton(page, 'findid.send').click();
  await at(page, 'findid.sent.title');
  await look(page, 'find-my-id-sent');
  await visit(page, '/contact');
  await visit(page, '/offices');
  await asksForACall(page);
  await visit(page, '/join/enr_nothing', 'join-over');
  await visit(page, '/invited/nothing', 'invited-over');
}

// asksForACall asks as a guest, sees when it is, and takes it back.
async function asksForACall(page) {
  await visit(page, '/contact/call');
  await mainButton(page, 'callrequest.button').click();
  await look(page, 'contact-call-mistakes');
  await label(page, 'callrequest.name').fill('Noor Stand-In');
  await label(page, 'callrequest.phone').fill('503-555-0177');
  await label(page, 'callrequest.topic.bill').check();
  await label(page, 'callrequest.slot').selectOption({ index: 1 });
  await mainButton(page, 'callrequest.button').click();
  await page.waitForURL(/\/contact\/call\/./);
  await look(page, 'contact-call-asked');
  await mainButton(page, 'callrequest.cancel').click();
  await page.getByText(t(page.lang, 'callrequest.state.canceled')).first().waitFor();
  await look(page, 'contact-call-canceled');
}

// joinsByLetter looks at the steps of somebody of whom no e-mail address and no phone is on file.
async function joinsByLetter(page) {
  await page.goto('/join');
  await next(page);
  await look(page, 'join-mistakes');
  await joinFind(page, demo.members.find((m) => m.member_id === 'LH10006001'));
  await look(page, 'join-contact-none');
  const order = mainButton(page, 'join.letter.order');
  if (await order.count()) { // there is one letter in a while
    await order.click();
    await page.waitForURL(/\/code$/);
    await look(page, 'join-code-letter');
  }
}

async function joins(page) {
  const seen = (name) => look(page, name);
  if (page.lang === 'es') { // as far as the last step, which happens once
    await joinFind(page, newcomer, seen);
    await joinCode(page, newcomer, seen);
    await joinEmail(page, newcomer, seen);
    await password(page).fill('x');
    await mainButton(page, 'newkey.create').click();
    await look(page, 'join-secure-mistakes');
    return;
  }
  await authenticator(page);
  await join(page, newcomer, '', seen);
  await page.goto('/account/security');
  await look(page, 'security-passkey');
  await page.getByRole('link', { name: starts(t(page.lang, 'security.change')) }).first().click();
  await page.waitForURL(/passkeys\/\w+$/);
  await look(page, 'security-passkey-one');
  await send(page, '/confirm');
  await look(page, 'confirm-passkey');
  await mainButton(page, 'confirm.mail.send').click();
  await page.waitForURL(/\/account$/);
  await send(page, '/confirm/code');
  await look(page, 'confirm-code');
}

async function recovers(page) {
  await page.goto('/recover');
  const before = await ids(page, newcomer.email);
  await field(page, 'signin.email').fill(newcomer.email);
  await next(page);
  await page.getByLabel(t(page.lang, 'recover.code'), { exact: true }).fill(await codeSent(page, 'recover', newcomer.email, before));
  await next(page);
  await at(page, 'recover.more');
  await look(page, 'recover-more');
  await mainLink(page, 'recover.file.go').click();
  await proveOnFile(page, newcomer, (name) => look(page, name));
  await at(page, 'recover.secure');
  await look(page, 'recover-secure');
}

async function profile(page) {
  await signIn(page, able[page.lang]);
  for (const path of ['', '/language', '/email', '/phone', '/notices', '/paperless', '/paperless/agree', '/activity', '/data', '/close', '/authorizations']) {
    await visit(page, `/account${path}`);
  }
  await page.goto('/account/phone');
  await main(page).getByRole('textbox').first().fill('503-555-0123');
  await main(page).getByRole('button').first().click();
  await page.waitForURL(/\/contact\//);
  await look(page, 'account-contact-code');
  await page.goto('/bills');
  await toChoice(page);
  await choose(page, { amount: '5.05' });
  await payByBank(page, person(0));
  await page.goto('/account/authorizations');
  await main(page).getByRole('link').filter({ hasNotText: t(page.lang, 'shell.back') }).last().click();
  await look(page, 'account-authorization');
}

// saysWhatIsTheMatter says of a bill that it is wrong, then that it cannot be paid either, and takes both back.
async function saysWhatIsTheMatter(page) {
  await signIn(page, able[page.lang]);
  await page.goto('/bills');
  await page.getByRole('link', { name: new RegExp(t(page.lang, 'bills.see')) }).first().click();
  await page.getByRole('link', { name: starts(t(page.lang, 'bill.wrong')) }).click();
  await at(page, 'case.new.title');
  await mainButton(page, 'case.new.send').click();
  await look(page, 'case-new-mistakes');
  await page.getByRole('radio', { name: t(page.lang, 'case.kind.wrong'), exact: true }).check();
  await page.locator('#text').fill('I was not there on that day.');
  await mainButton(page, 'case.new.send').click();
  await page.waitForURL(/\/cases\/./);
  await look(page, 'case');
  await label(page, 'case.also.afford').check();
  await page.locator('#text').fill('And it is too much.');
  await mainButton(page, 'case.write.send').click();
  await page.getByText(t(page.lang, 'case.kind.both')).waitFor();
  assert.equal(await page.getByRole('checkbox').count(), 0, 'there is nothing else to say of it');
  await look(page, 'case-both');
  await visit(page, '/cases');
  await page.goBack();
  await mainButton(page, 'case.withdraw').click();
  await page.getByText(t(page.lang, 'case.resolution.withdrawn')).waitFor();
  await look(page, 'case-closed');
}

async function security(page) {
  await signIn(page, able[page.lang]);
  for (const path of ['', '/password', '/passkeys/new', '/second-step', '/app', '/recovery-codes']) await visit(page, `/account/security${path}`);
  await mainButton(page, 'security.codes.make').click();
  await page.getByText(t(page.lang, 'security.codes.once')).waitFor();
  await look(page, 'account-security-recovery-codes-new');
}

// send posts an empty form to an address. The question who somebody is comes before what is hard to undo, and not to
// a session that was opened a moment ago, unless it sends an answer by itself.
async function send(page, action) {
  await page.locator('form[action="/sign-out"]').evaluate((form, to) => { form.action = to; form.submit(); }, action);
  await page.waitForURL(`**${action}`);
}

// secondStep looks at the pages of a sign-in with a code. The account keeps its second step from the first language on.
async function secondStep(page) {
  const who = account(2);
  if (page.lang === 'es') {
    await signIn(page, who);
    await send(page, '/confirm');
    await look(page, 'confirm');
    await page.goto('/account/security/second-step');
    await radio(page, 'security.second.email').check();
    const before = await ids(page, who.email);
    await next(page);
    await page.waitForURL(/second-step\/code/);
    await look(page, 'account-security-second-step-code');
    await field(page, 'second.code').fill(await codeSent(page, 'contact', who.email, before));
    await mainButton(page, 'security.second.on').click();
    await at(page, 'security.codes');
    await signOut(page);
    await look(page, 'signed-out');
  }
  await typePassword(page, who.email, who.password);
  await at(page, 'second.title.email');
  await look(page, 'sign-in-code');
  await mainButton(page, 'signin.button').click();
  await look(page, 'sign-in-code-mistakes');
  await page.goto('/sign-in/code?with=recovery');
  await at(page, 'second.title.recovery');
  await look(page, 'sign-in-code-recovery');
}

async function household(page) {
  const who = able[page.lang];
  await signIn(page, who);
  for (const path of ['/household', '/helping', '/household/helpers/new']) await visit(page, path);
  await mainButton(page, 'household.invite.send').click();
  await look(page, 'household-helpers-new-mistakes');
  const email = `helper-${page.lang}@helpers.example`;
  await label(page, 'household.name').fill('Noor Stand-In');
  await label(page, 'household.email').fill(email);
  await page.getByRole('group', { name: starts(t(page.lang, 'household.for')) }).getByRole('checkbox').first().check();
  await label(page, 'household.payment_limit').fill('50');
  await mainButton(page, 'household.invite.send').click();
  await page.getByRole('heading', { level: 1, name: 'Noor Stand-In' }).waitFor();
  await look(page, 'household-helper');
  await mainButton(page, 'household.code.show').click();
  await mainButton(page, 'household.code.again').waitFor();
  await look(page, 'household-helper-code');
  const code = (await main(page).innerText()).match(/(?<!\d)\d{3} ?\d{3}(?!\d)/)[0];
  const mail = await mailed(page, email, (m) => m.subject === t(page.lang, 'letter.invited.subject'));

  const helper = await open(page.lang);
  await helper.goto(mail.text.match(/https?:\/\/\S+\/invited\/\S+/)[0]);
  await look(helper, 'invited');
  await label(helper, 'household.code').fill(code);
  await next(helper);
  await helper.waitForURL(/\/accept$/);
  await look(helper, 'invited-accept');
  await password(helper).fill('basil compass thunder quilt');
  await mainButton(helper, 'newkey.create').click();
  await at(helper, 'household.helping');
  await look(helper, 'helping-somebody');
  await visit(helper, '/bills', 'helping-bills');
  await helper.getByRole('link', { name: new RegExp(t(page.lang, 'bills.see')) }).first().click();
  await look(helper, 'helping-bill');
  await visit(page, '/household', 'household-with-helper');
}

async function deskSignIn(page, who) {
  await page.goto('/desk/sign-in');
  await typeDesk(page, who);
  await page.waitForURL(/\/code/);
}

async function typeDesk(page, who) {
  await field(page, 'signin.email').fill(who.email);
  await password(page).fill(who.password);
  await mainButton(page, 'signin.button').click();
}

async function agent(page) {
  const who = worker('agent');
  await visit(page, '/desk/sign-in');
  await typeDesk(page, { email: who.email, password: 'not this one' });
  await look(page, 'desk-sign-in-mistakes');
  await deskSignIn(page, who);
  await look(page, 'desk-code');
  await deskCode(page, who);
  await look(page, 'desk-agent');
  for (const path of ['/desk/security', '/desk/callbacks', '/desk/members']) await visit(page, path);
  await label(page, 'desk.members.label').fill('nobody of this name');
  await mainButton(page, 'desk.members.button').click();
  await page.getByText(t(page.lang, 'desk.members.none.title')).waitFor();
  await look(page, 'desk-found-none');
  const { member_id } = accountless[page.lang];
  await label(page, 'desk.members.label').fill(member_id);
  await mainButton(page, 'desk.members.button').click();
  const found = page.getByRole('link', { name: new RegExp(t(page.lang, 'desk.members.open.what')) });
  await found.waitFor();
  await look(page, 'desk-found');
  await found.click();
  await at(page, 'desk.record.title');
  await look(page, 'desk-record-ask');
  await label(page, 'desk.reason').fill('Called about bill 204');
  await mainButton(page, 'desk.record.button').click();
  await page.getByText('Called about bill 204').first().waitFor();
  await look(page, 'desk-record');
  await proves(page);
  await mainButton(page, 'desk.record.join.button').click();
  await page.getByText(t(page.lang, 'desk.record.code')).first().waitFor();
  await look(page, 'desk-record-code');
  await visit(page, '/desk/audit', 'desk-gone-forbidden');
}

// proves looks at a photo ID: only then is there a code to join with.
async function proves(page) {
  const record = page.url();
  await mainLink(page, 'desk.record.visit').click();
  await at(page, 'visit.title');
  await look(page, 'desk-visit');
  await mainButton(page, 'visit.button').click();
  await look(page, 'desk-visit-mistakes');
  await label(page, 'visit.document.passport').check();
  await label(page, 'visit.office.other').check();
  for (const seen of ['name', 'birth', 'photo']) await label(page, `visit.seen.${seen}`).check();
  await mainButton(page, 'visit.button').click();
  await page.waitForURL(/\/desk\/calls\//);
  await look(page, 'desk-visit-done');
  await page.goto(record);
}

async function administrator(page) {
  const who = worker('administrator');
  await deskSignIn(page, who);
  await deskCode(page, who);
  await look(page, 'desk-administrator');
  await visit(page, '/desk/audit');
  await visit(page, '/desk/audit?from=x&actor=nobody', 'desk-audit-mistakes-gone');
  await visit(page, '/desk/staff');
  const email = `new-${page.lang}@staff.example`;
  await label(page, 'desk.staff.name').fill('Remy Unreal');
  await field(page, 'signin.email').fill(email);
  await main(page).getByRole('radio').first().check();
  await mainButton(page, 'desk.staff.invite.button').click();
  await page.getByText(t(page.lang, 'desk.staff.invited.done')).waitFor();
  await look(page, 'desk-staff-invited');
  const mail = await mailed(page, email, (m) => m.text.includes('/desk/invitation/'));

  const starter = await open(page.lang);
  await starter.goto(mail.text.match(/https?:\/\/\S+\/desk\/invitation\/\S+/)[0]);
  await look(starter, 'desk-invitation');
  await password(starter).fill('several plain words here');
  await next(starter);
  await at(starter, 'desk.security.title');
  await look(starter, 'desk-first-use');
  await visit(starter, '/desk/invitation/nothing', 'desk-invitation-over');
}

const walks = { anyone, 'joins by letter': joinsByLetter, joins, recovers, 'the profile': profile, 'a case': saysWhatIsTheMatter, 'sign-in and security': security,
  'the second step': secondStep, household, 'an agent': agent, 'an administrator': administrator };

for (const [name, walk] of Object.entries(walks)) {
  for (const lang of ['es', 'en']) {
    scenario(`${name} (${lang})`, async () => {
      const page = await open(lang);
      await walk(page);
      noProblems(page);
    });
  }
}

await finish();

// Two browsers at once: a member who lost their ID calls, the agent finds out who it is and reads the ID out; the member
// shows which page they are on; another caller fails and learns nothing, in any answer that the agent's browser gets.
import { assert, axe, demo, finish, look, newPage, noProblems, scenario } from './lib.mjs';
import { codeSent, deskSignIn, mailed, mainButton, mainLink, newcomer } from './account.mjs';
import { at, fillGuest, next } from './journey.mjs';
import { starts, t } from './words.mjs';

const label = (page, key) => page.getByLabel(starts(t(page.lang, key)));
const iris = newcomer; // house 205, phone 0115: what the demo's plan has on file
const values = ['Placeholder', '1977', iris.member_id, 'LH 1000 5001', '5001', iris.email, 'i•••@', '0115', 'Example Road', 'Hillside', 'LH-7004-15', '97004', '231.40'];

async function say(page, facts) {
  for (const [fact, said] of Object.entries(facts)) await label(page, `call.fact.${fact}`).fill(said);
  await mainButton(page, 'call.check.button').click();
}

async function startCall(page) {
  await page.goto('/desk/calls');
  await mainButton(page, 'call.open').click();
  await page.getByText(t(page.lang, 'call.check'), { exact: true }).waitFor();
}

async function endCall(page) {
  await mainButton(page, 'call.end').click();
  await at(page, 'call.title');
}

scenario('a lost member ID is read out to whoever proves who they are; who fails learns nothing', async () => {
  const [desk, member] = await Promise.all([newPage({ axe: true }), newPage({ axe: true })]);
  await deskSignIn(desk);

  // The second caller first: nothing of the file is on the agent's screen yet, and nothing may come.
  let seen = 0;
  const told = [];
  const listen = async (answer) => {
    if (!answer.headers()['content-type']?.startsWith('text/html')) return;
    const body = await answer.text().catch(() => '');
    seen++;
    for (const value of values) if (body.includes(value)) told.push(`${answer.url()} tells ${value}`);
  };
  desk.on('response', listen);
  await startCall(desk);
  for (let i = 0; i < 3; i++) {
    await say(desk, { name: 'Iris Placehold', birth: '4/19/1976', zip: '97003', street: `${i}`, phone: '0000', bill: 'LH-7004-99' });
    await desk.getByText(t('en', 'call.not_verified'), { exact: true }).waitFor();
  }
  await desk.getByText(t('en', 'call.closed'), { exact: true }).waitFor();
  await mainLink(desk, 'call.send').click();
  await at(desk, 'call.send');
  await label(desk, 'call.send.given.label').fill('Iris');
  await label(desk, 'call.send.family.label').fill('Placehold');
  await label(desk, 'call.fact.birth').fill('4/19/1976');
  await label(desk, 'call.fact.zip').fill('97003');
  await mainButton(desk, 'call.send.button').click();
  await desk.getByText(t('en', 'call.send.done'), { exact: true }).waitFor();
  await desk.goBack();
  await desk.goto('/desk/calls');
  await desk.getByRole('link', { name: /^Go to call/ }).click();
  await endCall(desk);
  desk.off('response', listen);
  assert.ok(seen >= 8, `${seen} answers were read`);
  assert.deepEqual(told, [], 'a caller who failed learned something');

  // The member calls, proves who they are, and shows the page they are on.
  await startCall(desk);
  await look(desk, 'desk-call');
  await say(desk, { name: 'iris placeholder', birth: 'April 18, 1977', zip: '97004', street: '205' });
  await desk.getByText(t('en', 'call.verified'), { exact: true }).waitFor();
  await look(desk, 'desk-call-verified');
  await mainLink(desk, 'call.id').click();
  await look(desk, 'desk-member-id');
  await mainButton(desk, 'call.id.read').click();
  const number = await desk.locator('.panel-number strong').innerText();
  assert.equal(number, 'LH 1000 5001');
  await look(desk, 'desk-member-id-read');

  // A new home is read back, noted, and told; a new email asks for its code.
  const verified = new URL(desk.url()).pathname.replace(/\/member-id$/, '');
  await desk.goto(verified);
  await mainLink(desk, 'desk.contact.title').click();
  await look(desk, 'desk-contact');
  await desk.locator('main').getByRole('link', { name: /home address|the new address/ }).click();
  await label(desk, 'desk.contact.street').fill('9 New Street\nApt 2');
  await label(desk, 'desk.contact.city').fill('Meadow');
  await desk.selectOption('[name=state]', 'OR');
  await label(desk, 'call.fact.zip').fill('97004');
  await look(desk, 'desk-contact-home');
  await mainButton(desk, 'desk.contact.button').click();
  await desk.getByText(t('en', 'desk.contact.read.needed')).first().waitFor();
  await desk.getByLabel(t('en', 'desk.contact.read')).check();
  await mainButton(desk, 'desk.contact.button').click();
  await desk.getByText(t('en', 'desk.contact.done')).waitFor();
  await look(desk, 'desk-contact-done');
  await desk.goto(`${verified}/contact/email`);
  await label(desk, 'desk.contact.email').fill('somebody@members.example');
  await look(desk, 'desk-contact-email');
  await mainButton(desk, 'desk.contact.button').click();
  await at(desk, 'desk.contact.code.email');
  await look(desk, 'desk-contact-code');
  await label(desk, 'desk.code.label').fill(await codeSent(desk, 'contact', 'somebody@members.example'));
  await mainButton(desk, 'desk.contact.code.button').click();
  await desk.getByText(t('en', 'desk.contact.done')).waitFor();
  await desk.goto(`${verified}/contact/phone`);
  await look(desk, 'desk-contact-phone');

  // The old email is told. It was not her: the link stops it, and the record warns of it.
  const letter = await mailed(desk, iris.email, (m) => m.subject === t('en', 'letter.contact.asked.email'));
  assert.ok(!letter.text.includes('somebody@'), 'the letter tells what is new');
  await member.goto(letter.text.match(/https?:\S+\/not-me\/\S+/)[0]);
  await at(member, 'undo.title');
  await look(member, 'not-me');
  await mainButton(member, 'not_me.button').click();
  await at(member, 'not_me.stopped');
  await look(member, 'not-me-stopped');

  await member.goto('/pay');
  await fillGuest(member, iris, number);
  await next(member);
  await at(member, 'choose.title');
  await member.goto('/share');
  await mainButton(member, 'share.button').click();
  const code = await member.locator('.panel-number strong').innerText();
  await member.goBack();
  await member.goto('/bills');
  await desk.goto('/desk/share');
  await label(desk, 'desk.share.code').fill(code);
  await mainButton(desk, 'desk.share.button').click();
  await desk.getByText(await member.getByRole('heading', { level: 1 }).innerText()).first().waitFor();
  await look(desk, 'desk-share');
  await member.reload();
  await member.getByText(t('en', 'share.watched')).waitFor();
  await member.getByRole('button', { name: t('en', 'share.stop') }).click();
  await member.waitForURL(/\/share$/);
  assert.equal((await desk.goto(desk.url())).status(), 404, 'stopped is stopped');

  // The record by name and by keys alone, with a note.
  await desk.goto('/desk');
  await desk.locator('main input:focus').waitFor(); // the page puts the cursor there
  await desk.keyboard.type('placeholder iris 1977');
  await desk.keyboard.press('Enter');
  await desk.getByRole('link', { name: /^Iris Placeholder/ }).focus();
  await desk.keyboard.press('Enter');
  await desk.getByText(t('en', 'desk.record.timeline')).first().waitFor();
  const record = new URL(desk.url()).pathname;
  await label(desk, 'desk.note.text').fill('Lost the card, has 4242 4242 4242 4242 in hand');
  await mainButton(desk, 'desk.note.button').click();
  await desk.getByText(t('en', 'desk.note.taken.title')).waitFor();
  assert.ok(!(await desk.content()).includes('4242 4242'), 'a card number is kept');
  await desk.getByText(t('en', 'desk.contact.warning')).waitFor();
  await look(desk, 'desk-record-full');
  await desk.goto(`${record}/visit`);
  await look(desk, 'desk-visit');
  await desk.goto(`${verified}/contact/language`);
  await look(desk, 'desk-contact-language');
  await desk.getByLabel('Español').check();
  await mainButton(desk, 'desk.contact.button').click();
  await desk.getByText(t('en', 'desk.contact.done')).waitFor();
  const lead = await newPage({ axe: true });
  await deskSignIn(lead, 'supervisor');
  await lead.goto('/desk/contacts');
  await look(lead, 'desk-contacts');
  lead.lang = 'es';
  await lead.goto('/desk/contacts?lang=es');
  await look(lead, 'desk-contacts');
  lead.lang = 'en';
  await lead.goto('/desk/contacts?lang=en');
  await lead.getByRole('button', { name: starts(t('en', 'desk.contacts.back')) }).click();
  await lead.getByText(t('en', 'desk.contacts.none')).waitFor();
  noProblems(lead);
  desk.lang = 'es';
  for (const path of [`${verified}/contact`, `${verified}/contact/home`, record, `${record}/visit`, '/desk/calls', '/desk/share', '/desk/members']) {
    await desk.goto(`${path}?lang=es`);
    await look(desk, `desk-${path.split('/').pop().replace(/^mem_.*/, 'record-full')}`);
  }
  noProblems(desk);
  noProblems(member);
});

await finish();

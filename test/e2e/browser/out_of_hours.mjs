// The desk is closed: who writes is told when it opens and leaves an address. The program ends and starts again on the same
// data, in the hours of the desk: the questions wait there, each once, are answered, and the answers go out by e-mail. The
// scenarios are two runs of this file, one before and one after.
import { assert, finish, look, newPage, noProblems, scenario } from './lib.mjs';
import { deskSignIn, ids, mailed, messages } from './account.mjs';
import { at, button } from './journey.mjs';
import { starts, t } from './words.mjs';

const guests = [
  { lang: 'en', name: 'Piet', email: 'piet@members.example', asks: 'Why are there two bills for one visit?', adds: 'It was in May.',
    answer: 'One is of the clinic, one of the laboratory.', thanks: 'Now I see. Thank you.' },
  { lang: 'es', name: 'Lucía', email: 'lucia@members.example', asks: '¿Puedo pagar en partes?', adds: 'Son 240 dólares.',
    answer: 'Sí. Elija «Otra cantidad» cuando pague.', thanks: 'Muchas gracias.' },
];

const log = (page) => page.locator('[data-log]');
const label = (page, key) => page.getByLabel(starts(t(page.lang, key)));
const list = (desk, which) => desk.locator(`[aria-labelledby="board-${which}"]`);
const takes = async (desk) => {
  await desk.goto('/desk/chats');
  await button(desk, 'chat.desk.begin').click();
  await desk.getByText(t('en', 'chat.desk.on')).waitFor();
};

// once fails unless each of these stands in the conversation exactly once.
async function once(page, ...words) {
  for (const text of words) {
    await log(page).getByText(text, { exact: true }).first().waitFor();
    assert.equal(await log(page).getByText(text, { exact: true }).count(), 1, `“${text}” stands more than once`);
  }
}

scenario('in the evening guests leave a message', async () => {
  const desk = await newPage({ axe: true });
  await deskSignIn(desk, 'Amal Notreal');
  await takes(desk); // whoever stays late makes no hours: nobody is promised a talk
  for (const guest of guests) {
    const page = await newPage({ lang: guest.lang, axe: true });
    await page.goto('/');
    await page.getByRole('link', { name: t(guest.lang, 'chat.nav'), exact: true }).click();
    await at(page, 'chat.title');
    const told = await page.getByRole('main').innerText();
    const opens = { Time: guest.lang === 'es' ? '8:00 a.\u00a0m.' : '8:00\u00a0AM', Zone: guest.lang === 'es' ? 'hora del Pacífico' : 'Pacific' };
    const plain = (text) => text.replace(/\s/g, ' '); // a time is kept on one line
    assert.ok(['tomorrow', 'today'].some((when) => plain(told).includes(plain(t(guest.lang, 'chat.closed.hours', // today: after midnight
      { Hours: `${t(guest.lang, 'hours.closed')}. ${t(guest.lang, `hours.opens_${when}`, opens)}` })))), `it says when the desk opens: ${told}`);
    await look(page, 'hours-closed');

    await label(page, 'chat.name').fill(guest.name);
    await label(page, 'chat.question').fill(guest.asks);
    await button(page, 'chat.leave_message').click();
    await page.getByRole('link', { name: t(guest.lang, 'chat.error.email') }).waitFor();
    assert.equal(await label(page, 'chat.question').inputValue(), guest.asks, 'what was written stays');
    await look(page, 'hours-closed-email');
    await label(page, 'chat.email').fill(guest.email);
    await button(page, 'chat.leave_message').dblclick(); // pressed twice in haste: it is one message
    await at(page, 'chat.page.title');
    await label(page, 'chat.text').fill(guest.adds);
    await button(page, 'chat.send').click();
    await once(page, guest.asks, guest.adds);
    await once(page, new RegExp(`^${t(guest.lang, 'chat.event.by_mail')}`));
    await page.locator('[data-status]').getByText(t(guest.lang, 'chat.status.mail')).waitFor();
    await look(page, 'hours-left');
    await list(desk, 'mail').getByRole('link', { name: guest.name }).waitFor(); // on a board that nobody loads again
    assert.equal(await list(desk, 'waiting').getByRole('link', { name: guest.name }).count(), 0, 'nobody waits on the page');
    assert.deepEqual(await ids(page, guest.email), [], 'no mail before there is an answer');
    noProblems(page);
  }
  noProblems(desk);
});

scenario('the next day they are answered, by e-mail and on the page', async () => {
  const desk = await newPage({ axe: true });
  await deskSignIn(desk, 'Bela Imagined');
  await takes(desk);
  for (const guest of guests) {
    await desk.goto('/desk/chats');
    assert.equal(await list(desk, 'mail').getByRole('link', { name: guest.name }).count(), 1, `${guest.name} waits once`);
    await look(desk, 'hours-board');
    await list(desk, 'mail').getByRole('link', { name: guest.name }).click();
    await button(desk, 'chat.desk.take').click();
    await desk.getByText(t('en', 'chat.desk.answer.mail')).waitFor();
    await once(desk, guest.asks, guest.adds);
    await label(desk, 'chat.text').fill(guest.answer);
    await button(desk, 'chat.send').click();
    await once(desk, guest.answer);
    await look(desk, `hours-answered-${guest.lang}`);
    await desk.getByText(t(desk.lang, 'chat.desk.close')).click();
    await button(desk, 'chat.desk.close.yes').click();
    await desk.getByText(t('en', 'chat.desk.closed')).waitFor();
  }
  await desk.goto('/desk/chats');
  for (const guest of guests) {
    const page = await newPage({ lang: guest.lang, axe: true }); // the browser of yesterday has forgotten everything
    const mail = await mailed(page, guest.email, (m) => m.subject === t(guest.lang, 'letter.chat.answered'), 40);
    for (const text of [guest.asks, guest.adds, guest.answer]) assert.ok(!mail.text.includes(text) && !mail.html.includes(text), 'it stands on the page, not in the mail');
    await page.goto(mail.text.match(/https?:\S+\/chat-link\/\S+/)[0]);
    await at(page, 'chat.link.title');
    await look(page, 'hours-link');
    await button(page, 'chat.link.button').click();
    await at(page, 'chat.page.title');
    await once(page, guest.asks, guest.adds, guest.answer);
    await look(page, 'hours-read');

    // An answer to the answer comes back to the desk, into the same conversation.
    await label(page, 'chat.text').fill(guest.thanks);
    await button(page, 'chat.send').click();
    await once(page, guest.thanks);
    assert.ok(await page.locator('[data-trouble]').isHidden(), 'that it is closed is no news');
    await list(desk, 'mail').getByRole('link', { name: guest.name }).click();
    await once(desk, guest.asks, guest.adds, guest.answer, guest.thanks);
    await desk.goto('/desk/chats');
    assert.equal((await messages(page, guest.email)).length, 1, 'one answer, one mail');
    noProblems(page);
  }
  noProblems(desk);
});

await finish();

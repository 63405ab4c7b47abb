// A member joins with a passkey, signs out, and is let in by the browser's own offer; then signs in with the button.
import { assert, axe, demo, finish, newPage, noHorizontalScroll, noProblems, scenario, screenshot } from './lib.mjs';
import { fillGuest, next } from './journey.mjs';
import { t } from './words.mjs';

// newcomer is a demo member without an account of whom an e-mail address is on file.
const newcomer = demo.members.filter((m) => !m.password)[0];

// authenticator gives the browser a passkey holder that says yes.
async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true,
    hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
}

// code waits for the newest six digits mailed to create an account.
async function code(page, subject) {
  for (let i = 0; i < 80; i++) {
    const all = await (await page.request.get(`${demo.mailbox_url}/messages`)).json();
    const found = all.filter((m) => m.subject === subject).map((m) => m.text.match(/(?<!\d)(\d{6})(?!\d)/)?.[1]).filter(Boolean);
    if (found.length) return found[0];
    await page.waitForTimeout(250);
  }
  throw new Error(`no mail "${subject}" arrived`);
}

async function look(page, what) {
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await noHorizontalScroll(page, `${what} at ${width}`);
    await axe(page, `${what} at ${width}`);
    await screenshot(page, `join-${what}-${width}`);
  }
}

scenario('joins with a passkey and signs in with it', async () => {
  const page = await newPage({ axe: true });
  const { lang } = page;
  await authenticator(page);
  await page.goto('/join');
  await look(page, 'find');
  await fillGuest(page, newcomer);
  await page.getByLabel(t(lang, 'join.zip')).fill(newcomer.zip);
  await next(page);
  await page.waitForURL(/\/contact$/);
  await look(page, 'contact');
  await page.getByRole('main').getByRole('radio').first().check();
  await page.getByRole('main').getByRole('button').first().click();
  await page.waitForURL(/\/code$/);
  await look(page, 'code');
  await page.getByLabel(t(lang, 'join.code')).first().fill(await code(page, 'Your code to create an account'));
  await next(page);
  await page.waitForURL(/\/email$/);
  await look(page, 'email');
  await page.getByRole('main').getByRole('radio').first().check();
  await next(page);
  await page.waitForURL(/\/secure$/);
  await look(page, 'secure');
  await page.getByRole('button', { name: /passkey/i }).first().click();
  await page.waitForURL(/\/done$/);
  await look(page, 'done');
  await page.goto('/bills');
  assert.ok((await page.getByRole('main').innerText()).includes('$'), 'the bills are there');
  await page.getByRole('button', { name: t(lang, 'shell.signout') }).click();
  await page.goto('/sign-in'); // the browser offers the passkey where the e-mail address is typed
  await page.waitForURL(/\/bills$/);
  await page.goto('/account/security');
  await look(page, 'security');
  noProblems(page);
});

await finish();

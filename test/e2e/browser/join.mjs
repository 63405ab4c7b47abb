// A member joins with a passkey, signs out, and is let in by the browser's own offer.
import { assert, axe, finish, newPage, noHorizontalScroll, noProblems, scenario, screenshot } from './lib.mjs';
import { amounts, authenticator, join, signOut } from './account.mjs';

async function look(page, what) {
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await noHorizontalScroll(page, `${what} at ${width}`);
    await axe(page, `${what} at ${width}`);
    await screenshot(page, `${what}-${width}`);
  }
}

scenario('joins with a passkey and signs in with it', async () => {
  const page = await newPage({ axe: true });
  const keys = await authenticator(page);
  await join(page, undefined, '', (what) => look(page, what));
  assert.equal(await keys.count(), 1, 'the browser keeps one passkey');
  const owed = await amounts(page);
  assert.ok(owed.length > 0, 'the bills are there');
  await signOut(page);
  await page.goto('/sign-in'); // the browser offers the passkey where the e-mail address is typed
  await page.waitForURL(/\/bills$/);
  assert.deepEqual(await amounts(page), owed, 'the same bills');
  await page.goto('/account/security');
  await look(page, 'security');
  noProblems(page);
});

await finish();

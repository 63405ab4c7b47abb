// A member joins with a passkey, signs out, and is let in by the browser's own offer.
import { assert, finish, newPage, noProblems, scenario } from './lib.mjs';
import { amounts, authenticator, join, signOut } from './account.mjs';

scenario('joins with a passkey and signs in with it', async () => {
  const page = await newPage();
  const keys = await authenticator(page);
  await join(page);
  assert.equal(await keys.count(), 1, 'the browser keeps one passkey');
  const owed = await amounts(page);
  assert.ok(owed.length > 0, 'the bills are there');
  await signOut(page);
  await page.goto('/sign-in'); // the browser offers the passkey where the e-mail address is typed
  await page.waitForURL(/\/bills$/);
  assert.deepEqual(await amounts(page), owed, 'the same bills');
  noProblems(page);
});

await finish();

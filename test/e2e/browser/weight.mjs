// A first visit is light: HTML, CSS and JavaScript together at most 30 KB over the wire, on each page before the card
// step. Nothing comes from another host, and nothing breaks the content security policy.
import { assert, demo, finish, newPage, noProblems, scenario } from './lib.mjs';
import { choose, findGuest, heading, person, signIn } from './journey.mjs';

const limit = 30 * 1024;
const counted = ['document', 'stylesheet', 'script'];

// measured opens an address in a profile without a cache but with the cookies given, and adds up what came.
async function measured(path, cookies = []) {
  const page = await newPage();
  await page.context().addCookies(cookies);
  const seen = [];
  page.on('requestfinished', (request) => seen.push(request));
  await page.goto(path, { waitUntil: 'networkidle' });
  let total = 0;
  const lines = [];
  for (const request of seen) {
    assert.equal(new URL(request.url()).origin, new URL(demo.url).origin, `${path} loads ${request.url()} from elsewhere`);
    if (!counted.includes(request.resourceType())) continue;
    const { responseBodySize } = await request.sizes();
    total += responseBodySize;
    lines.push(`${responseBodySize} ${request.url()}`);
  }
  noProblems(page);
  console.log(`        ${(total / 1024).toFixed(1)} KB  ${path}`);
  assert.ok(total > 0 && total <= limit, `${path} weighs ${total} bytes, the limit is ${limit}:\n${lines.join('\n')}`);
}

scenario('the pages anyone may open', async () => {
  for (const path of ['/', '/pay', '/sign-in', '/help']) await measured(path);
});

scenario('the choice of bills and the bank account, as a guest', async () => {
  const page = await newPage();
  await findGuest(page, person(0));
  const choice = page.url();
  const cookies = await page.context().cookies();
  await measured(choice, cookies);
  await choose(page, { amount: '1.00' });
  await heading(page, 'method.title').waitFor();
});

scenario('the bills of a member', async () => {
  const page = await newPage();
  await signIn(page);
  await measured('/bills', await page.context().cookies());
});

await finish();

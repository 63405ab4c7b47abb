// What nobody may read who only pays or carries a letter: the services and providers on the bills of the demonstration.
import { readFileSync } from 'node:fs';

// care is what the bills of the demonstration say about services and providers, as its files were imported.
const care = (() => {
  const folder = new URL('../../../internal/demo/', import.meta.url);
  const read = (name) => readFileSync(new URL(name, folder), 'utf8').trim().split('\n');
  const [head, ...rows] = read('balance.csv').map((line) => [...line.matchAll(/("[^"]*"|[^,]*)(?:,|$)/g)].map((m) => m[1].replaceAll('"', '')));
  const out = rows.filter((r) => r[head.indexOf('kind')] === 'medical').flatMap((r) => [r[head.indexOf('description')], r[head.indexOf('provider')]]);
  for (const line of read('plan.ndjson')) {
    const r = JSON.parse(line.replace(/\{\{day -?\d+\}\}/g, ''));
    if (r.resourceType !== 'ExplanationOfBenefit') continue;
    out.push(r.provider.display, ...r.item.map((i) => i.productOrService.text));
  }
  return [...new Set(out)];
})();

// careIn are those of them that stand in a text.
export const careIn = (text) => care.filter((words) => text.toLowerCase().includes(words.toLowerCase()));

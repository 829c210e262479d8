/** Every page and every action of the console, in a browser. Each file beside this one tests one subject. */
import {test, after, before} from 'node:test';
import {shown, start, stop} from './browser.mjs';

before(start);
after(stop);

const wanted = process.argv.slice(3);  // subjects; none: all
for (const subject of ['sign_in', 'models', 'live', 'access', 'ledger', 'governance', 'hostile', 'everybody']) {
  if (wanted.length > 0 && !wanted.includes(subject)) continue;
  const {tests} = await import(`./${subject}.mjs`);
  for (const [name, work] of Object.entries(tests)) test(`${subject}: ${name}`, async () => {
    try {
      await work();
    } catch (fault) {
      fault.message += await shown();
      throw fault;
    }
  });
}

/** A browser, people who sign in with it, and what every page is held against. */
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import assert from 'node:assert/strict';

export const given = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const require = createRequire(given.modules + '/package.json');
const {chromium} = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const PATIENCE = 30_000;
export const PHONE = {width: 375, height: 720};
export const DESK = {width: 1280, height: 860};

let browser;
export async function start() {
  browser = await chromium.launch({executablePath: given.browser, args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
    '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']});
}
export async function stop() {
  await browser?.close();
}

/** What stands on the pages that a failed test leaves open; they are closed. */
export async function shown() {
  let out = '';
  for (const context of browser.contexts()) {
    for (const page of context.pages()) {
      const text = await page.evaluate(() => document.body.innerText).catch(() => '?');
      out += `\n--- ${page.url()}\n${text.slice(0, 1500)}\n${(page.faults ?? []).join('\n')}`;
    }
    await context.close();
  }
  return out;
}

/** A window of its own: no cookie of another one. Whatever the policy forbids, and any error, fails the test. */
export async function open({viewport = DESK, colorScheme = 'light'} = {}) {
  const context = await browser.newContext({viewport, colorScheme, baseURL: given.address, reducedMotion: 'reduce'});
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.faults = [];
  page.on('pageerror', (fault) => page.faults.push('error: ' + fault.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) page.faults.push(message.text());
  });
  page.on('dialog', (dialog) => {
    page.faults.push('a dialog was opened: ' + dialog.message());
    void dialog.dismiss();
  });
  return page;
}

export async function signIn(page, name, password = given.password) {
  await page.goto('/');
  await page.getByLabel('Name', {exact: true}).fill(name);
  await page.getByLabel('Password', {exact: true}).fill(password);
  await page.getByRole('button', {name: 'Sign in'}).click();
}

const cookies = new Map();
/** Signed in; the cookie is used again while it holds. */
export async function as(name, options = {}) {
  const page = await open(options);
  if (cookies.has(name)) {
    await page.context().addCookies(cookies.get(name));
    await page.goto('/');
  } else {
    await signIn(page, name);
  }
  await page.getByRole('heading', {name: 'Overview', level: 1}).waitFor();
  cookies.set(name, await page.context().cookies());
  return page;
}
/** His session has ended, or is about to. */
export function forget(name) {
  cookies.delete(name);
}

/** Opens an address within the console, as a link does. */
export async function go(page, path, heading) {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  await page.getByRole('heading', {name: heading, level: 1}).waitFor();
}

export async function close(page) {
  const {faults} = page;
  await page.context().close();
  assert.deepEqual(faults, []);
}

/** axe-core is run beside the page's policy, not through it: the policy would not let it in, as it should. */
export async function accessible(page, what, options = {}) {
  const client = await page.context().newCDPSession(page);
  const {result} = await client.send('Runtime.evaluate', {
    expression: `${axe};axe.run(document, ${JSON.stringify({resultTypes: ['violations'], ...options})}).then((found) => JSON.stringify(found.violations
      .filter((one) => one.impact === 'serious' || one.impact === 'critical')
      .map((one) => [one.id, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + ' ' + node.failureSummary)])))`,
    awaitPromise: true});
  assert.deepEqual(JSON.parse(result.value ?? `["${what}: ${JSON.stringify(result)}"]`), [], what);
  await client.detach();
}

export async function fitsThePhone(page, what) {
  const over = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    return document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll('body *')]
      .filter((one) => one.getBoundingClientRect().right > width + 1)
      .slice(0, 5).map((one) => one.outerHTML.slice(0, 120));
  });
  assert.deepEqual(over, [], what + ' is wider than a phone');
}

/** A request of the service beside the browser. */
export async function ask(who, method, path, body) {
  const response = await fetch(given.address + path, {method, headers: {Authorization: 'Bearer ' + given.keys[who]},
    ...(body !== undefined && {body: JSON.stringify(body)})});
  const text = await response.text();
  try {
    return {status: response.status, body: JSON.parse(text)};
  } catch {
    return {status: response.status, body: text};
  }
}

export function infer(who, row, model = 'fashion') {
  return ask(who, 'POST', `/v2/models/${model}/infer`,
    {inputs: [{name: 'x', shape: [1, given.width], datatype: 'FP32', data: row}]});
}

export async function until(what, work) {
  for (const end = Date.now() + PATIENCE * 2; ;) {
    if (await work()) return;
    assert.ok(Date.now() < end, 'waited in vain for: ' + what);
    await new Promise((done) => setTimeout(done, 100));
  }
}

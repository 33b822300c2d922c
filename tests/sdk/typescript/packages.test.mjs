// The packed package in empty projects: ES modules, CommonJS, strict TypeScript; every snippet of the READMEs; other runtimes.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import test, { after } from 'node:test'
import { home, name, root, sdk } from './sdk.mjs'

const place = mkdtempSync('/tmp/holdfast-sdk-')
after(() => rmSync(place, { recursive: true }))
const quiet = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }
execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', place], { cwd: home, ...quiet })
const tarball = `${place}/holdfast-${sdk.VERSION}.tgz`

/** An empty project with nothing but the package. */
function project(what) {
  const directory = `${place}/${what}`
  mkdirSync(directory)
  writeFileSync(`${directory}/package.json`, '{"private": true}')
  execFileSync('npm', ['install', '--silent', '--offline', '--no-audit', '--no-fund', tarball], { cwd: directory, ...quiet })
  return directory
}

/** Runs a program; its output, or an error that shows it. */
function run(command, parameters, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { cwd, encoding: 'utf8' })
  assert.equal(status, 0, `${command} ${parameters.join(' ')}: ${error ?? ''}\n${stdout}${stderr}`)
  return stdout
}

const body = (filesystem) => `
const made = await Filesystem.create('${filesystem}', '1gb')
await made.write('/d/f', new Blob(['text']).stream())
await made.write('/d/g', (async function* () { yield 'te'; yield 'xt' })())
const stream = await made.read('/d/f', { format: 'stream' })
const seen = [await made.read('/d/f'), await new Response(stream).text(), (await made.list('/d')).length]
await made.upload([{ path: 'x', content: 'y' }], '/up')
const local = process.cwd() + '/down-${filesystem}'
await made.download('/', local)
await made.upload(local, '/again')
seen.push((await made.list('/again', { depth: 9 })).length)
const kind = await made.read('/none').catch((error) => [error instanceof PathNotFoundError, error.kind, error.name])
await Filesystem.delete(made.id)
console.log(JSON.stringify([...seen, ...kind]))
`
const expected = ['text', 'text', 2, 5, true, 'path_not_found', 'PathNotFoundError']

test('the package holds what it needs and nothing else', () => {
  const files = run('tar', ['-tzf', tarball]).trim().split('\n')
  assert.ok(files.every((file) => /^package\/(package\.json|README\.md|dist\/(esm|cjs)\/)/.test(file)), files.join(' '))
  const { dependencies = {} } = JSON.parse(readFileSync(`${home}/package.json`, 'utf8'))
  assert.deepEqual(dependencies, {})
})

test('ES modules and CommonJS', (t) => {
  const directory = project('plain')
  writeFileSync(`${directory}/esm.mjs`, `import { Filesystem, PathNotFoundError } from 'holdfast'\n${body(name('esm'))}`)
  writeFileSync(`${directory}/cjs.cjs`, `const { Filesystem, PathNotFoundError } = require('holdfast')\nvoid (async () => {${body(name('cjs'))}})()`)
  for (const file of ['esm.mjs', 'cjs.cjs']) assert.deepEqual(JSON.parse(run(process.execPath, [file], directory)), expected)
  const timed = `const before = performance.now(); await import('holdfast'); console.log(performance.now() - before)`
  writeFileSync(`${directory}/import.mjs`, timed)
  t.diagnostic(`import takes ${Number(run(process.execPath, ['import.mjs'], directory)).toFixed(0)} ms (the aim is under 150)`)
})

/** The snippets of a document. */
const snippets = (text) => [...text.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1])
const readme = [`${home}/README.md`, `${root}/README.md`].flatMap((file) => snippets(readFileSync(file, 'utf8')))

test('strict TypeScript, with and without the types of Node', () => {
  const directory = project('typed')
  readme.forEach((snippet, index) => writeFileSync(`${directory}/snippet${index}.mts`, snippet))
  const code = `
    const made = await Filesystem.create('x', 5, { labels: { a: 'b' } })
    const text: string = await made.read('/f')
    const bytes: Uint8Array = await made.read('/f', { format: 'bytes', timeoutMs: 5 })
    const stream: ReadableStream<Uint8Array> = await made.read('/f', { format: 'stream' })
    const entry: Entry = await made.write('/f', stream, { user: 'root', mode: 0o644, ifMatch: undefined })
    const kind: ErrorKind = 'path_not_found'
    for await (const one of Filesystem.list()) { const same: Filesystem = one; void same }
    // @ts-expect-error There is no such format.
    await made.read('/f', { format: 'xml' })
    // @ts-expect-error There is no such user.
    await made.write('/f', '', { user: 'nobody' })
    // @ts-expect-error The mode is one of two.
    await new Admin().createKey('k', { team: 'a', admin: true })
    void [text, bytes, entry, kind]`
  writeFileSync(`${directory}/esm.mts`, `import { Admin, Filesystem, type Entry, type ErrorKind } from 'holdfast'\n${code}\nexport {}\n`)
  writeFileSync(`${directory}/cjs.cts`, `import { Admin, Filesystem, type Entry, type ErrorKind } from 'holdfast'\nexport async function f(): Promise<void> {${code}}\n`)
  const tsc = `${home}/node_modules/typescript/bin/tsc`
  const common = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--target', 'ES2022']
  const node = ['--lib', 'ES2022', '--types', 'node', '--typeRoots', `${home}/node_modules/@types`]
  const browser = ['--lib', 'ES2022,DOM', '--typeRoots', `${directory}/none`]
  run(process.execPath, [tsc, ...common, ...node, '--module', 'NodeNext', 'esm.mts', 'cjs.cts', ...readme.map((_, index) => `snippet${index}.mts`)], directory)
  run(process.execPath, [tsc, ...common, ...browser, '--module', 'ESNext', '--moduleResolution', 'bundler', 'esm.mts'], directory)
})

test('every snippet of the READMEs runs', async () => {
  const directory = project('readme')
  for (const [index, snippet] of readme.entries()) {
    // The one thing in them that is not JavaScript.
    writeFileSync(`${directory}/snippet${index}.mjs`, snippet.replaceAll(': unknown', ''))
    run(process.execPath, [`snippet${index}.mjs`], directory)
    for (const made of await sdk.Filesystem.list()) await sdk.Filesystem.delete(made.id)
  }
  assert.ok(readme.length >= 6)
})

test('Node 18, Bun and Deno', (t) => {
  const cache = `${process.env.HOLDFAST_SDK_CACHE}/runtimes`
  mkdirSync(cache, { recursive: true })
  const bin = `${cache}/node_modules/.bin`
  const runtimes = { node: ['node@18', []], bun: ['bun@1', ['run']], deno: ['deno@2', ['run', '--allow-all', '--quiet']] }
  const missing = Object.entries(runtimes).filter(([command]) => !existsSync(`${bin}/${command}`))
  if (missing.length > 0) {
    writeFileSync(`${cache}/package.json`, '{"private": true}')
    execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', ...Object.values(runtimes).map(([one]) => one)], { cwd: cache, ...quiet })
  }
  const directory = project('runtimes')
  for (const [command, [, parameters]] of Object.entries(runtimes)) {
    const file = `${command}.mjs`
    const process = command === 'deno' ? "import process from 'node:process'\n" : ''
    writeFileSync(`${directory}/${file}`, `${process}import { Filesystem, PathNotFoundError } from 'holdfast'\n${body(name(command))}`)
    assert.deepEqual(JSON.parse(run(`${bin}/${command}`, [...parameters, file], directory)), expected, command)
    t.diagnostic(`${command} ${run(`${bin}/${command}`, ['--version'], directory).split('\n')[0]}`)
  }
})

// Builds `dist/esm` and `dist/cjs` from `src`: the same modules twice, each with its types. Plain `tsc`, no bundler.
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const home = dirname(dirname(fileURLToPath(import.meta.url)))
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

rmSync(`${home}/dist`, { recursive: true, force: true })
for (const config of ['tsconfig.json', 'tsconfig.cjs.json']) {
  if (spawnSync(process.execPath, [tsc, '-p', config], { cwd: home, stdio: 'inherit' }).status !== 0) process.exit(1)
}
// The package says that its files are ES modules; these are not.
writeFileSync(`${home}/dist/cjs/package.json`, '{"type": "commonjs"}\n')

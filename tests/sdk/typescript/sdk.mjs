// What the tests share: the built package, the server of this run, names that nobody has taken.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

/** The package's directory. */
export const home = fileURLToPath(new URL('../../../sdks/typescript', import.meta.url))
/** The repository. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))
export const sdk = await import(`${home}/dist/esm/index.js`)
/** A module inside the package. */
export const inside = (name) => import(`${home}/dist/esm/${name}.js`)
/** The server of this run. */
export const url = process.env.HOLDFAST_URL

let made = 0
/** A new name. */
export const name = (what) => `${what}-${process.pid}-${(made += 1)}`

/** A filesystem that goes when the test ends. */
export async function filesystem(t, options) {
  const made = await sdk.Filesystem.create(name('test'), '2gb', options)
  t.after(() => sdk.Filesystem.delete(made.id, { url }).catch((error) => assert.equal(error.kind, 'filesystem_not_found')))
  return made
}

/** Asserts that a promise fails with an error of this class, whose fields and message are these. */
export async function fails(promise, errorClass, fields = {}, says = /./) {
  await assert.rejects(Promise.resolve(promise), (error) => {
    assert.ok(error instanceof errorClass, `${error?.constructor?.name} ${error?.stack}`)
    assert.match(error.message, says)
    for (const [field, value] of Object.entries(fields)) assert.deepEqual(error[field], value, `${field} of ${error}`)
    return true
  })
}

/** A `fetch` that answers from a list, and the requests that it got. */
export function scripted(...answers) {
  const requests = []
  const fetch = async (address, { method, headers, body }) => {
    const at = new URL(address)
    requests.push({ method, path: at.pathname, query: Object.fromEntries(at.searchParams), headers, body })
    const answer = answers.shift() ?? { status: 200, json: {} }
    if (answer instanceof Error) throw answer
    const { status = 200, json, text, headers: fields = {} } = answer
    return new Response(status === 204 ? null : (text ?? JSON.stringify(json ?? {})), { status, headers: fields })
  }
  return { options: { url: 'http://server.test', apiKey: 'k', fetch }, requests }
}

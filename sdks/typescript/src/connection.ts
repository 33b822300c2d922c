/** One path for every request: address, key, timeout, repetition, errors. */
import { Body } from './body.js'
import { withOptions } from './config.js'
import type { CallOptions, Config } from './config.js'
import { refusal } from './refusal.js'
import { sleep, waitMs } from './retry.js'
import type { Repeatable } from './retry.js'
import { Watch } from './watch.js'
import { VERSION } from './version.js'

type Value = string | number | boolean | undefined

/** A request before it has an address. */
export interface Call {
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** Percent-encoded, with its leading `/`. */
  path: string
  query?: Record<string, Value | string[]> | undefined
  headers?: Record<string, string | undefined> | undefined
  /** A body of JSON. */
  json?: unknown
  /** A body of bytes, and what they are. */
  body?: Body | undefined
  contentType?: string | undefined
  /** `always` for GET and `unsent` for everything else, if absent. */
  repeatable?: Repeatable | undefined
}

/** Takes what a call is for from a good answer. Keeps the watch where it reads on after it has returned. */
export type Take<T> = (response: Response, watch: Watch) => Promise<T>

export class Connection {
  constructor(readonly config: Config) {}

  /** The same server with the options of one call. */
  with(options: CallOptions | undefined): Connection {
    return options ? new Connection(withOptions(this.config, options)) : this
  }

  /** Sends, reads the answer as JSON. */
  json<T>(call: Call): Promise<T> {
    return this.call(call, (response, watch) => finish(watch, response.json() as Promise<T>))
  }

  /** Sends where the answer says nothing but that it is done. */
  nothing(call: Call): Promise<void> {
    return this.call(call, async (response, watch) => {
      await finish(watch, response.arrayBuffer())
    })
  }

  /** Sends, and again where that is safe, until `take` has what it wants or the call has failed. */
  async call<T>(call: Call, take: Take<T>): Promise<T> {
    const repeatable = call.repeatable ?? (call.method === 'GET' ? 'always' : 'unsent')
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.#once(call, take)
      } catch (error) {
        const again = tries < this.config.maxRetries && (call.body?.isFresh ?? true)
        const wait = again ? waitMs(error, repeatable, tries) : undefined
        if (wait === undefined) {
          await call.body?.close()
          throw error
        }
        await sleep(wait, this.config.signal)
      }
    }
  }

  async #once<T>(call: Call, take: Take<T>): Promise<T> {
    const request = `${call.method} ${call.path}`
    const watch = new Watch(this.config.timeoutMs, this.config.signal)
    try {
      const response = await this.config.fetch(this.#url(call), await this.#init(call, watch))
      watch.touch()
      if (!response.ok) throw await refusal(response, request)
      return await take(response, watch)
    } catch (error) {
      watch.cancel()
      const explained = watch.explain(error, request)
      if (call.body?.failure && !this.config.signal?.aborted) throw call.body.failure.error
      throw explained
    }
  }

  #url({ path, query = {} }: Call): string {
    const parameters = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue
      for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one))
    }
    const text = parameters.toString()
    return `${this.config.url}${path}${text && `?${text}`}`
  }

  async #init(call: Call, watch: Watch): Promise<RequestInit> {
    const headers: Record<string, string> = { ...this.config.headers, 'user-agent': `holdfast-typescript/${VERSION}` }
    if (this.config.apiKey !== undefined) headers['x-api-key'] = this.config.apiKey
    for (const [name, value] of Object.entries(call.headers ?? {})) if (value !== undefined) headers[name] = value
    // The key goes to the server that was named and to no other.
    const init: RequestInit & { duplex?: 'half' } = { method: call.method, headers, signal: watch.signal, redirect: 'error' }
    if (call.json !== undefined) {
      headers['content-type'] = 'application/json'
      init.body = JSON.stringify(call.json)
    } else if (call.body) {
      headers['content-type'] = call.contentType ?? 'application/octet-stream'
      init.body = (await call.body.start(watch)) as BodyInit
      init.duplex = 'half'
    }
    return init
  }
}

/** The rest of an answer, and with it the end of the request. */
export async function finish<T>(watch: Watch, rest: Promise<T>): Promise<T> {
  const value = await rest
  watch.end()
  return value
}

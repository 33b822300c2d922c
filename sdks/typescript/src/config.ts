/** Where the server is, who asks, and how long a call may take: from options, then from the environment. */
import { InvalidArgumentError } from './errors.js'

/** Options of every call. */
export interface CallOptions {
  /** Ends the call; it then throws the signal's reason. */
  signal?: AbortSignal | undefined
  /** Longest silence in milliseconds: no answer, or no byte in either direction. 90,000 if absent. */
  timeoutMs?: number | undefined
  /** How often a call is repeated where that is safe. 4 if absent. */
  maxRetries?: number | undefined
}

/** Options of everything that begins with no filesystem at hand. */
export interface ConnectionOptions extends CallOptions {
  /** Address of the server; the variable `HOLDFAST_URL`, or `http://127.0.0.1:7070`, if absent. */
  url?: string | undefined
  /** API key; the variable `HOLDFAST_API_KEY` if absent. */
  apiKey?: string | undefined
  /** Headers that go with every request, for what stands in front of the server. */
  headers?: Record<string, string> | undefined
  /** What sends the requests; the global `fetch` if absent. */
  fetch?: typeof fetch | undefined
}

/** Options with everything filled in. */
export interface Config {
  url: string
  apiKey: string | undefined
  headers: Record<string, string>
  fetch: typeof fetch
  signal: AbortSignal | undefined
  timeoutMs: number
  maxRetries: number
}

const DEFAULT_URL = 'http://127.0.0.1:7070'
/** Longer than the server's own bound on an answer, 60 s, so that its word comes first. */
const DEFAULT_TIMEOUT_MS = 90_000
const DEFAULT_MAX_RETRIES = 4

/** Whether the environment can be read, and how, differs between runtimes. */
interface Runtime {
  process?: { env?: Record<string, string | undefined> }
  Deno?: { env: { get(name: string): string | undefined } }
}

/** A variable of the environment; `undefined` where there is none, or where this program may not see it. */
export function environment(name: string): string | undefined {
  const runtime = globalThis as Runtime
  try {
    return (runtime.Deno ? runtime.Deno.env.get(name) : runtime.process?.env?.[name]) || undefined
  } catch {
    return undefined
  }
}

/** Fills the options in. `keyVariables` name the variables that may hold the key. */
export function configure(options: ConnectionOptions = {}, keyVariables: string[] = ['HOLDFAST_API_KEY']): Config {
  const url = (options.url ?? environment('HOLDFAST_URL') ?? DEFAULT_URL).replace(/\/+$/, '')
  if (!/^https?:\/\/./.test(url)) {
    throw new InvalidArgumentError(`the address \`${url}\` must begin with http:// or https://; see HOLDFAST_URL`)
  }
  const apiKey = options.apiKey ?? keyVariables.map(environment).find((key) => key !== undefined)
  if (apiKey === undefined && keyVariables.length > 0) {
    throw new InvalidArgumentError(`no API key: set ${keyVariables[0]}, or give the option \`apiKey\``)
  }
  return {
    url,
    apiKey,
    headers: options.headers ?? {},
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    signal: options.signal,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    maxRetries: options.maxRetries ?? DEFAULT_MAX_RETRIES,
  }
}

/** The configuration with the options of one call in front. */
export function withOptions(config: Config, options: CallOptions = {}): Config {
  return {
    ...config,
    signal: options.signal ?? config.signal,
    timeoutMs: options.timeoutMs ?? config.timeoutMs,
    maxRetries: options.maxRetries ?? config.maxRetries,
  }
}

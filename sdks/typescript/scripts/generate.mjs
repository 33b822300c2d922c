// Makes `src/generated` from what the server declares: the schemas and operations of `docs/openapi.json`, and the table
// of error codes in `crates/api/src/error.rs`. `--check` writes nothing and fails where the files differ. Needs only Node.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const home = dirname(dirname(fileURLToPath(import.meta.url)))
const root = dirname(dirname(home))
const openapi = JSON.parse(readFileSync(`${root}/docs/openapi.json`, 'utf8'))
const errorTable = readFileSync(`${root}/crates/api/src/error.rs`, 'utf8')

const STATUSES = {
  BAD_REQUEST: 400, UNAUTHORIZED: 401, FORBIDDEN: 403, NOT_FOUND: 404, METHOD_NOT_ALLOWED: 405, REQUEST_TIMEOUT: 408,
  CONFLICT: 409, GONE: 410, PRECONDITION_FAILED: 412, PAYLOAD_TOO_LARGE: 413, UNSUPPORTED_MEDIA_TYPE: 415,
  RANGE_NOT_SATISFIABLE: 416, UNPROCESSABLE_ENTITY: 422, LOCKED: 423, TOO_MANY_REQUESTS: 429,
  INTERNAL_SERVER_ERROR: 500, NOT_IMPLEMENTED: 501, BAD_GATEWAY: 502, SERVICE_UNAVAILABLE: 503, GATEWAY_TIMEOUT: 504,
  INSUFFICIENT_STORAGE: 507,
}
// The classes of `src/errors.ts` that stand for a status with several kinds.
const PARENTS = { 400: 'InvalidRequestError', 403: 'PermissionDeniedError', 404: 'NotFoundError', 409: 'ConflictError' }
const HEADER = '// Made by scripts/generate.mjs from what the server declares. Do not edit: run `npm run generate`.\n'

function comment(text, indent = '') {
  return text ? `${indent}/** ${text.replaceAll('*/', '* /').replaceAll('\n', `\n${indent} * `)} */\n` : ''
}

function typeOf(schema, indent) {
  if (schema.$ref) return schema.$ref.split('/').at(-1)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const union = schema.oneOf ?? schema.anyOf
  if (union) return union.map((one) => typeOf(one, indent)).join(' | ')
  if (schema.allOf) return schema.allOf.map((one) => typeOf(one, indent)).join(' & ')
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => typeOf({ ...schema, type }, indent)).join(' | ')
  }
  switch (schema.type) {
    case 'null': return 'null'
    case 'string': return schema.format === 'binary' ? 'Blob' : 'string'
    case 'integer': case 'number': return 'number'
    case 'boolean': return 'boolean'
    case 'array': return `Array<${typeOf(schema.items, indent)}>`
    case 'object': return objectType(schema, indent)
    default: throw new Error(`no type for the schema ${JSON.stringify(schema)}`)
  }
}

function objectType(schema, indent) {
  if (!schema.properties) return `Record<string, ${schema.additionalProperties ? typeOf(schema.additionalProperties, indent) : 'unknown'}>`
  const inner = `${indent}  `
  const fields = Object.entries(schema.properties).map(([name, field]) => {
    const optional = schema.required?.includes(name) ? '' : '?'
    return `${comment(field.description, inner)}${inner}${name}${optional}: ${typeOf(field, inner)}\n`
  })
  return `{\n${fields.join('')}${indent}}`
}

function types() {
  const schemas = Object.entries(openapi.components.schemas).map(
    ([name, schema]) => `${comment(schema.description)}export type ${name} = ${typeOf(schema, '')}\n`,
  )
  const operations = Object.entries(openapi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `  ${operationId}: '${method.toUpperCase()} ${path}',\n`),
  )
  return `${HEADER}\n${schemas.join('\n')}\n/** Every operation of the server: its method and path. */\nexport const operations = {\n${operations.join('')}} as const\n`
}

function errors() {
  const table = errorTable.split('\ncodes! {\n')[1].split('\n}\n')[0]
  const rows = [...table.matchAll(/\/\/\/ ([^\n]*)\n\s+(\w+) = "(\w+)" (\w+);/g)]
  if (rows.length !== table.split(';\n').length) throw new Error('the table of error codes has an unknown form')
  const classes = rows.map(([, doc, name, kind, status]) => {
    const code = STATUSES[status]
    if (!code) throw new Error(`unknown status ${status}`)
    return { doc, name: `${name}Error`, kind, code, parent: PARENTS[code] ?? 'ApiError' }
  })
  const parents = [...new Set(classes.map(({ parent }) => parent))].sort()
  return [
    HEADER,
    `import { ${parents.join(', ')} } from '../errors.js'\n`,
    ...classes.map(({ doc, name, code, parent }) => `/** ${code}: ${doc} */\nexport class ${name} extends ${parent} {}\n`),
    `/** Every kind of error: its class and the status of its answers. */\nexport const errorKinds = {\n${classes
      .map(({ kind, name, code }) => `  ${kind}: { errorClass: ${name}, status: ${code} },\n`)
      .join('')}} as const\n`,
    `/** The field \`error\` of the server's errors. */\nexport type ErrorKind = keyof typeof errorKinds\n`,
  ].join('\n')
}

let stale = false
mkdirSync(`${home}/src/generated`, { recursive: true })
for (const [name, text] of [['types.ts', types()], ['errors.ts', errors()]]) {
  const path = `${home}/src/generated/${name}`
  if (process.argv.includes('--check')) {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
      console.error(`sdks/typescript/src/generated/${name} is not what the server declares: run \`npm run generate\``)
      stale = true
    }
  } else {
    writeFileSync(path, text)
  }
}
process.exit(stale ? 1 : 0)

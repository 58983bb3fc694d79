// SPDX-License-Identifier: Apache-2.0
//
// domain_controller.js PEOPLE MEMBERS PAGE VALUES: a server with the limits of Active Directory, on a port it prints.
//
// A real one is not to be had, and Samba has no such limits. At most PAGE entries come for one question, the rest for
// who asks for pages (MaxPageSize: result 4 for who does not), and at most VALUES values of an attribute, as
// "member;range=LOW-HIGH" (MaxValRange). Unlike the scripted double in ldap_double.py it speaks LDAP with somebody
// else's library, and answers whatever it is asked. Filters are not looked at: people and groups are in places of their own.
'use strict'
const ldap = require('ldapjs')

const [people, members, pageSize, valueRange] = process.argv.slice(2).map(Number)
const BASE = 'dc=ad,dc=example'
const PAGED = ldap.PagedResultsControl.OID

function guid (kind, number) {
  const octets = Buffer.alloc(16)
  octets.writeUInt32BE(kind, 8)
  octets.writeUInt32BE(number, 12)
  return octets
}

function range (count, make) {
  return Array.from({ length: count }, (_, i) => make(i + 1))
}

const personDn = number => `cn=u${number},ou=people,${BASE}`
const places = {
  people: range(people, number => ({
    dn: personDn(number),
    attributes: {
      objectClass: ['top', 'person', 'organizationalPerson', 'user'],
      objectGUID: [guid(1, number)],
      sAMAccountName: [`u${number}`],
      cn: [`u${number}`],
      displayName: [`User ${number}`],
      userAccountControl: ['512']
    }
  })),
  groups: [{
    dn: `cn=devs,ou=groups,${BASE}`,
    attributes: {
      objectClass: ['top', 'group'],
      objectGUID: [guid(2, 1)],
      cn: ['devs'],
      sAMAccountName: ['devs'],
      uSNChanged: ['4711'],
      member: range(members, personDn)
    }
  }]
}

const rootDse = {
  dn: '',
  attributes: {
    objectClass: ['top'],
    namingContexts: [BASE],
    defaultNamingContext: [BASE],
    supportedCapabilities: ['1.2.840.113556.1.4.800', '1.2.840.113556.1.4.1670'],
    supportedControl: [PAGED, '1.2.840.113556.1.4.529'],
    supportedLDAPVersion: ['3']
  }
}

// The values from low on, under the name that says which they are.
function addPart (attributes, values, low) {
  const high = low + valueRange - 1
  const last = high >= values.length - 1
  if (low > 0 || !last) attributes[`member;range=${low}-${last ? '*' : high}`] = values.slice(low, high + 1)
  else attributes.member = values
}

function shown (entry, wanted) {
  const attributes = {}
  for (const [name, values] of Object.entries(entry.attributes)) {
    const asked = wanted.map(word => word.split(';')).find(([word]) => word === name.toLowerCase() || word === '*')
    if (asked === undefined && wanted.length > 0) continue
    const part = /^range=(\d+)-/.exec((asked && asked[1]) || 'range=0-')
    if (name === 'member') addPart(attributes, values, Number(part[1]))
    else attributes[name] = values
  }
  return { dn: entry.dn, attributes }
}

function found (request) {
  const base = request.baseObject.toString().replace(/, /g, ',')
  if (base === '') return [rootDse]
  if (request.scope === 'base') return Object.values(places).flat().filter(entry => entry.dn === base)
  return Object.entries(places).filter(([place]) => `ou=${place},${BASE}`.endsWith(base)).flatMap(([, entries]) => entries)
}

function send (response, entries, wanted) {
  // Or the library would drop names that have options.
  response.attributes = []
  for (const entry of entries) response.send(shown(entry, wanted), true)
}

const server = ldap.createServer()
server.bind('', (request, response) => response.end())
server.search('', (request, response, next) => {
  const entries = found(request)
  const wanted = request.attributes.map(name => name.toLowerCase())
  const paged = request.controls.find(control => control.type === PAGED)
  request.attributes = []
  if (!paged) {
    send(response, entries.slice(0, pageSize), wanted)
    return entries.length > pageSize ? next(new ldap.SizeLimitExceededError()) : response.end()
  }
  const start = Number(paged.value.cookie.toString() || 0)
  const end = start + Math.min(paged.value.size || pageSize, pageSize)
  send(response, entries.slice(start, end), wanted)
  const cookie = Buffer.from(end < entries.length ? String(end) : '')
  response.controls.push(new ldap.PagedResultsControl({ value: { size: 0, cookie } }))
  response.end()
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.resume().on('end', () => process.exit(0))

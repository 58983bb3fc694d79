// SPDX-License-Identifier: Apache-2.0
// An OpenID provider (oidc-provider) and, beside it, an API of people that wants its tokens.
// Takes JSON on the command line: {people, life, delay, alg, jwks, tls: {key, cert, ca}, nonces, bound}; its client "bound", and with
// bound also "rosterctl", gets tokens that are bound to a key (RFC 9449); with nonces both want nonces in its proofs, the API another
// one for each ten pages. Prints {"port": N} when it listens.
// POST /test/approve {user_code, sub, acr, amr, auth_time} is a person at its page of codes, POST /test/rotate gives it another key.
const http = require('http');
const https = require('https');
const fs = require('fs');
const crypto = require('crypto');

const options = JSON.parse(process.argv[2]);
const log = [];

function people(request, response, url) {
  const offset = Number(url.searchParams.get('offset') || 0);
  const limit = Math.min(Number(url.searchParams.get('limit') || 10), 50);
  const data = [];
  for (let i = offset; i < Math.min(offset + limit, options.people); i++) {
    data.push({ id: `p${i}`, username: `u${String(i).padStart(4, '0')}`, name: `Person ${i}`, email: `u${i}@ex.org` });
  }
  response.setHeader('Content-Type', 'application/json');
  setTimeout(() => response.end(JSON.stringify({ total: options.people, data })), options.delay || 0);
}

// What RFC 9449 section 4.3 asks of a proof; the text of what is wrong with it.
const proofs = new Set();
let pages = 0;
async function flawOf(request, url, token, bound) {
  const jose = await import('jose');
  const proof = request.headers.dpop;
  if (!proof) return 'no proof';
  const { payload, protectedHeader } = await jose.jwtVerify(proof, jose.EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'] });
  const thumbprint = await jose.calculateJwkThumbprint(protectedHeader.jwk);
  if (protectedHeader.jwk.d || thumbprint !== bound) return 'the key';
  if (payload.htm !== request.method || payload.htu !== url.origin + url.pathname) return 'the request';
  if (payload.ath !== crypto.createHash('sha256').update(token).digest('base64url')) return 'the token';
  if (Math.abs(payload.iat - Date.now() / 1000) > 60 || proofs.has(payload.jti)) return 'replayed';
  proofs.add(payload.jti);
  if (options.nonces && payload.nonce !== `nonce-${Math.floor(pages / 10)}`) return 'use_dpop_nonce';
  pages++;
  return null;
}

function newKey(kind) {
  const { privateKey } = kind === 'EC' ? crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', kid: crypto.randomUUID(), alg: kind === 'EC' ? 'ES256' : 'RS256' };
}

async function approve(provider, asked) {
  const code = await provider.DeviceCode.findByUserCode(asked.user_code.replace('-', ''));
  const grant = new provider.Grant({ accountId: asked.sub, clientId: code.clientId });
  grant.addOIDCScope('openid');
  Object.assign(code, { accountId: asked.sub, acr: asked.acr, amr: asked.amr, authTime: asked.auth_time, scope: 'openid',
    nonce: code.params.nonce, claims: { id_token: { acr: null, amr: null, auth_time: null } }, grantId: await grant.save() });
  await code.save();
}

async function body(request) {
  let text = '';
  for await (const piece of request) text += piece;
  return JSON.parse(text);
}

async function main() {
  const { default: Provider } = await import('oidc-provider');
  const tls = options.tls;
  const server = tls
    ? https.createServer({ key: fs.readFileSync(tls.key), cert: fs.readFileSync(tls.cert), ca: fs.readFileSync(tls.ca),
      requestCert: true, rejectUnauthorized: false })
    : http.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `${tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
  const client = (id, method, more) => ({ client_id: id, token_endpoint_auth_method: method, redirect_uris: [], response_types: [],
    grant_types: ['client_credentials'], ...more });
  const settings = (jwks) => ({
    jwks,
    clients: [
      client('svc:1', 'client_secret_basic', { client_secret: 'a secret/+%' }),
      client('post', 'client_secret_post', { client_secret: 'a secret/+%' }),
      client('key', 'private_key_jwt', { jwks: options.jwks || { keys: [] } }),
      client('bound', 'client_secret_basic', { client_secret: 'a secret/+%', dpop_bound_access_tokens: true }),
      client('rosterctl', 'client_secret_basic', { client_secret: 'a secret/+%',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], dpop_bound_access_tokens: Boolean(options.bound), id_token_signed_response_alg: options.alg || 'RS256' }),
      ...(tls ? [client('tls', 'tls_client_auth', { tls_client_auth_subject_dn: 'CN=roster' })] : []),
    ],
    scopes: ['read'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', ...(tls ? ['tls_client_auth'] : [])],
    ttl: { ClientCredentials: options.life },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    claims: { openid: ['sub'], acr: null, amr: null, auth_time: null },
    acrValues: ['gold'],
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      clientCredentials: { enabled: true },
      dPoP: options.nonces ? { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true } : { enabled: true },
      mTLS: tls ? { enabled: true, tlsClientAuth: true,
        getCertificate: (ctx) => { const found = ctx.req.socket.getPeerX509Certificate(); return found && found.toString(); },
        certificateAuthorized: (ctx) => ctx.req.socket.authorized,
        certificateSubjectMatches: (ctx, property, expected) => {
          const found = ctx.req.socket.getPeerX509Certificate();
          return found && found.subject === expected;
        } } : { enabled: false },
    },
  });
  const keys = () => ({ keys: [newKey(options.alg === 'ES256' ? 'EC' : 'RSA')] });
  let provider = new Provider(issuer, settings(keys()));
  let serve = provider.callback();
  server.on('request', async (request, response) => {
    const url = new URL(request.url, issuer);
    log.push(`${request.method} ${url.pathname}`);
    if (url.pathname === '/test/log') {
      response.end(JSON.stringify(log));
    } else if (url.pathname === '/test/approve') {
      await approve(provider, await body(request));
      response.end('{}');
    } else if (url.pathname === '/test/rotate') {
      provider = new Provider(issuer, settings(keys()));
      serve = provider.callback();
      response.end('{}');
    } else if (url.pathname === '/api/people') {
      const [scheme, token] = (request.headers.authorization || '').split(' ');
      const found = await provider.ClientCredentials.find(token || '');
      let flaw = found && !found.isExpired ? null : 'invalid_token';
      if (!flaw && found.jkt) flaw = scheme === 'DPoP' ? await flawOf(request, url, token, found.jkt) : 'invalid_token';
      if (!flaw) return people(request, response, url);
      log.push(flaw);
      if (flaw === 'use_dpop_nonce') response.setHeader('DPoP-Nonce', `nonce-${Math.floor(pages / 10)}`);
      response.writeHead(401, { 'WWW-Authenticate': `${scheme} error="${flaw}"` });
      response.end(JSON.stringify({ error: flaw }));
    } else {
      serve(request, response);
    }
  });
  console.log(JSON.stringify({ port: server.address().port }));
}

main();

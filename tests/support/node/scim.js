// SPDX-License-Identifier: Apache-2.0
// A SCIM 2.0 server (scimmy) on express 4, or on express 5, with which it does not see the query of a request.
// Takes JSON on the command line: {express: 4 or 5, most, users: [...], groups: [...]}; prints {"port": N} when it listens.
// POST /test/data {users, groups} puts others in their place.
const options = JSON.parse(process.argv[2]);
const express = require(options.express === 5 ? 'express5' : 'express');
let data = { users: options.users, groups: options.groups };

function declare(SCIMMY, resource, list) {
  SCIMMY.Resources.declare(resource).ingress(() => { throw new SCIMMY.Types.Error(501, null, 'read only'); })
    .egress((asked) => {
      if (!asked.id) return asked.filter ? asked.filter.match(list()) : list();
      const found = list().find((one) => one.id === asked.id);
      if (!found) throw new SCIMMY.Types.Error(404, null, 'not there');
      return found;
    }).degress(() => { throw new SCIMMY.Types.Error(501, null, 'read only'); });
}

async function main() {
  const { default: SCIMMY } = await import('scimmy');
  const { default: Routers } = await import('scimmy-routers');
  declare(SCIMMY, SCIMMY.Resources.User, () => data.users);
  declare(SCIMMY, SCIMMY.Resources.Group, () => data.groups);
  SCIMMY.Config.set({ filter: { supported: true, maxResults: options.most } });
  const app = express();
  app.post('/test/data', express.json({ limit: '50mb' }), (request, response) => { data = request.body; response.json({}); });
  app.use('/scim/v2', new Routers({ type: 'bearer', handler: (request) => {
    if (request.header('Authorization') !== 'Bearer static') throw new Error('no');
    return 'roster';
  } }));
  const server = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
}

main();

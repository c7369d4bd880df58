# The ODP sandbox as an image: docker build -f docs/sandbox.Dockerfile -t odp-sandbox .
FROM node:24-alpine

# Without the peers: the sandbox needs neither Nest nor the like, only graphql
# for POST /v3/graphql.
RUN npm install --global --legacy-peer-deps nestjs-optimizely-odp graphql@16 \
  && npm cache clean --force \
  && mkdir /data && chown node:node /data

USER node
EXPOSE 4100

# With --keep /data/sandbox.jsonl, what arrived survives the container.
VOLUME /data

# Any address: only the ports that you publish can be reached.
ENTRYPOINT ["odp-sandbox", "--host", "0.0.0.0"]

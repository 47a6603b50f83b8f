# The line as one static binary in an empty image: no shell, no package
# manager, no root, nothing to write to. Build it with
#
#   docker build --build-arg VERSION=$(git describe --tags --always) \
#                --build-arg COMMIT=$(git rev-parse --short=12 HEAD) -t defenderline .
#
# Base images are pinned by version tag. Who deploys should pin them by digest
# as well: `docker buildx imagetools inspect golang:1.26.8-bookworm` prints it,
# to be appended as @sha256:… below.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
# Modules first: they change less often than the code, and keep their layer.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
ARG COMMIT=unknown
RUN make build OUT=/out/defenderline VERSION="$VERSION" COMMIT="$COMMIT"

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/LICENSE /LICENSE
COPY --from=build /out/defenderline /defenderline
# A number, because an empty image has no names; orchestrators can then see that
# it is not root. Secret files must belong to it, mode 0600 or 0400.
USER 65532:65532
# A check inside would need a shell or a second program. Readiness is asked from
# outside: GET /readyz on http.listen, 200 or 503 with the reason.
HEALTHCHECK NONE
ENTRYPOINT ["/defenderline"]
CMD ["serve", "--config", "/etc/defenderline/line.yaml"]

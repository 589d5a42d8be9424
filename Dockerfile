# The sidecar as an image of one static binary: no shell, no libraries, no root.
#
#   docker build --tag extauthz .
#   docker run --volume "$PWD/examples/quickstart/policies:/policies:ro" --network host extauthz
#
# What serve should do otherwise is best said by EXTAUTHZ_* variables (docker
# run --env): the health check then reads the same ones.

# VERSION is what "extauthz version" prints, such as v1.2.3. Without it that is "(devel)".
#
# GO_IMAGE is the image that builds: any with go on its PATH. It needs no shell.
ARG GO_IMAGE=golang:1.27
FROM ${GO_IMAGE} AS build
ARG VERSION=
ENV CGO_ENABLED=0
WORKDIR /src
# The modules are a layer of their own: they change less often than the source.
COPY go.mod go.sum ./
RUN ["go", "mod", "download"]
COPY . .
# RUN without a shell replaces no variables; ENV does.
ENV GOFLAGS="'-ldflags=-s -w -X=main.released=${VERSION}'"
RUN ["go", "build", "-trimpath", "-buildvcs=false", "-o", "/extauthz", "./cmd/extauthz"]

FROM scratch
LABEL org.opencontainers.image.title="extauthz" \
      org.opencontainers.image.description="Envoy external authorization that brings AWS IAM policies to any OCI registry" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /extauthz /extauthz
USER 65532:65532
ENV EXTAUTHZ_POLICIES=/policies
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/extauthz", "healthcheck"]
ENTRYPOINT ["/extauthz"]
CMD ["serve"]

# The sidecar as an image of one static binary: no shell, no libraries, no root.
#
#   docker build --tag extauthz .
#   docker run --volume "$PWD/examples/quickstart/policies:/policies:ro" --network host extauthz
#
# The stage "prebuilt" is the same image with a binary that was built outside, for the platform
# of the image. It needs no other image and no network:
#
#   CGO_ENABLED=0 GOOS=linux go build -tags=grpcnotrace,nethttpomithttp2 -trimpath -ldflags=-s -o bin/extauthz ./cmd/extauthz
#   docker build --tag extauthz --target prebuilt --build-arg BINARY=extauthz --file Dockerfile bin
#
# What serve should do otherwise is best said by EXTAUTHZ_* variables (docker
# run --env): the health check then reads the same ones.

# GO_IMAGE is the image that builds: any with go on its PATH. It needs no shell.
ARG GO_IMAGE=golang:1.27

FROM scratch AS base
# VERSION and REVISION are what "extauthz version" prints: a release such as v1.2.3, and a commit.
ARG VERSION=(devel)
ARG REVISION=
LABEL org.opencontainers.image.title="extauthz" \
      org.opencontainers.image.description="Envoy external authorization that brings AWS IAM policies to any OCI registry" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
USER 65532:65532
ENV EXTAUTHZ_POLICIES=/policies
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/extauthz", "healthcheck"]
ENTRYPOINT ["/extauthz"]
CMD ["serve"]

FROM base AS prebuilt
# Docker's older builder runs this stage in every build, so the default is a file that exists.
ARG BINARY=go.mod
COPY ${BINARY} /extauthz

# The compiler runs on the builder's own platform. BuildKit says what to compile for (docker build
# --platform linux/arm64). The older builder does not: it builds for the platform of its engine.
FROM --platform=${BUILDPLATFORM:-linux} ${GO_IMAGE} AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=(devel)
ARG REVISION=
ENV CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH}
WORKDIR /src
# The modules are a layer of their own: they change less often than the source.
COPY go.mod go.sum ./
RUN ["go", "mod", "download"]
COPY . .
# RUN without a shell replaces no variables; ENV does.
ENV GOFLAGS="'-ldflags=-s -w -X=main.released=${VERSION} -X=main.revision=${REVISION}'"
RUN ["go", "build", "-tags=grpcnotrace,nethttpomithttp2", "-trimpath", "-buildvcs=false", "-o", "/extauthz", "./cmd/extauthz"]

FROM base
COPY --from=build /extauthz /extauthz

# The sidecar as an image of one static binary: no shell, no libraries, no root.
# GO_IMAGE is the image that builds it: any with Go 1.26 at /usr/local/go or on
# its PATH.
ARG GO_IMAGE=golang:1.26
FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w" -o /extauthz ./cmd/extauthz

FROM scratch
COPY --from=build /extauthz /extauthz
USER 65532:65532
ENV EXTAUTHZ_POLICIES=/policies
ENTRYPOINT ["/extauthz"]
CMD ["serve"]

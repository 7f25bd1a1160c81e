# easyscale as an image: one static program, nothing else. Built for the machine that builds it, amd64 or arm64:
#
#   docker build -t registry.example/easyscale:0.1.0 --build-arg VERSION=0.1.0 .
#   docker buildx build --platform linux/amd64,linux/arm64 …      each is built natively or under emulation
#
# Without a container engine: deploy/image/build.sh.

# Pin it by digest in a build that has to be the same tomorrow: rust:1.95-slim-bookworm@sha256:…
ARG RUST_IMAGE=docker.io/library/rust:1.95-slim-bookworm

FROM ${RUST_IMAGE} AS build
# ring has C and assembler in it.
RUN apt-get update && apt-get install -y --no-install-recommends musl-tools && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# The program and a folder /out, the same bytes for the same source and compiler.
RUN deploy/image/compile.sh /out

FROM scratch
ARG VERSION=unknown
LABEL org.opencontainers.image.title="easyscale" \
      org.opencontainers.image.description="Scheduled minReplicas and maxReplicas for Kubernetes autoscalers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /out/easyscale /easyscale
# No name in /etc/passwd is needed for a number. Zone rules are in the program.
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["/easyscale", "health"]
ENTRYPOINT ["/easyscale"]

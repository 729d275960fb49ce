# Every Python image of ours: SERVICE is users, inventory, orders, notifications, config, forwardauth or chassis (which is
# the chassis alone).
# For the classic builder too, so without here-documents, mounts and COPY --link.
FROM python:3.13-slim AS dependencies
WORKDIR /build
# On a machine whose TLS is inspected, `make up` puts its CA bundle beside the lock file; elsewhere there is none.
COPY requirements/runtime.txt .build/host-ca.cr[t] ./
# Hashed bytecode does not depend on file times, so that equal sources make equal layers.
RUN if [ -f host-ca.crt ]; then export PIP_CERT=/build/host-ca.crt; fi \
 && python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv install --no-cache-dir --no-compile --no-deps --only-binary :all: --require-hashes \
      --requirement runtime.txt \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv


FROM python:3.13-slim AS sources
WORKDIR /sources
COPY . .
RUN python -m compileall -q --invalidation-mode unchecked-hash .
ARG SERVICE
RUN mkdir /service \
 && case "$SERVICE" in \
      chassis) cp --parents -r rabbitmq /service ;; \
      config) cp --parents -r config /service ;; \
      forwardauth) cp --parents -r gateway docs /service ;; \
      *) cp --parents -r apps/__init__.py "apps/$SERVICE" workers/__init__.py "workers/$SERVICE" /service ;; \
    esac


FROM python:3.13-slim
# A new volume takes its owner from here.
RUN groupadd --gid 10001 app \
 && useradd --uid 10001 --gid app --no-create-home --home-dir /tmp --shell /usr/sbin/nologin --no-log-init app \
 && install --directory --owner=app --group=app /copies /definitions /flower /repository
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=sources /sources/chassis/healthcheck /usr/local/bin/
COPY --from=sources /sources/chassis /app/chassis
COPY --from=sources /service /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1
WORKDIR /app
USER 10001

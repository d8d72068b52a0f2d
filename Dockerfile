# The product in one image: everything in one container by default, or one program of it each in
# compose.yaml and deploy/kubernetes. See docs/deploying.md.

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt requirements.txt
RUN python -m venv /venv \
 && /venv/bin/python -m pip install --no-cache-dir --prefer-binary --requirement requirements.txt
COPY . .
RUN /venv/bin/python -m compileall -q /app /venv/lib

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin kpi \
 && install --directory --owner kpi --group kpi --mode 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    KPI_DATA_DIR=/data \
    BIND=0.0.0.0 \
    PORT=5000
USER 10001:10001
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD ["python", "-m", "kpisite.launcher.probe"]
STOPSIGNAL SIGINT
CMD ["python", "-m", "kpisite.launcher.start_product"]

# JupyterLab with the course, for one person, on port 8888:
#   docker build -t vadkit . && docker run --rm -p 8888:8888 vadkit
# With -v "$PWD/work:/home/student/course" what is written there is kept.
FROM python:3.12-slim-bookworm

# The libraries that OpenCV needs, and a font with Chinese letters; their versions are those of Debian bookworm.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-wqy-microhei libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 student
WORKDIR /opt/vadkit

# PyTorch first: it is the largest part and changes least. TORCH_INDEX is PyTorch's CPU index.
ARG TORCH_INDEX=""
COPY pyproject.toml constraints.txt README.md LICENSE ./
# hadolint ignore=DL3013
RUN pip install --no-cache-dir -c constraints.txt ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch

COPY vadkit vadkit
COPY vadcourse vadcourse
COPY vadstudies vadstudies
COPY notebooks notebooks
COPY docs docs
# The settings of JupyterLab are written while this is root: the student may not.
RUN pip install --no-cache-dir -c constraints.txt . \
    && vadkit /home/student/course --copy-only && chown -R student:student /home/student/course

USER 1000
WORKDIR /home/student
EXPOSE 8888
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8888/api')"]
CMD ["vadkit", "course", "--ip", "0.0.0.0", "--port", "8888", "--no-browser"]

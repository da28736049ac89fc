/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a region's object and printing what is in it. */
#include "tools/ivshmemctl_dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fds.h"
#include "lib/util.h"

#define LINE_BYTES 16
#define CHUNK_BYTES (64 * 1024)

/* Lines like the one before are told by one asterisk. */
struct hex_state {
	unsigned char previous[LINE_BYTES];
	bool has_previous, starred;
};

static void put_line(FILE *out, uint64_t offset, const unsigned char *bytes, size_t count)
{
	size_t i;

	fprintf(out, "%08" PRIx64 " ", offset);
	for (i = 0; i < LINE_BYTES; i++) {
		fputs(i == LINE_BYTES / 2 ? "  " : " ", out);
		if (i < count)
			fprintf(out, "%02x", bytes[i]);
		else
			fputs("  ", out);
	}
	fputs("  |", out);
	for (i = 0; i < count; i++)
		putc(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.', out);
	fputs("|\n", out);
}

static void put_hex(FILE *out, struct hex_state *state, uint64_t offset, const unsigned char *bytes,
		    size_t count)
{
	size_t i, n;

	for (i = 0; i < count; i += n) {
		n = count - i < LINE_BYTES ? count - i : LINE_BYTES;
		if (n == LINE_BYTES && state->has_previous &&
		    !memcmp(state->previous, bytes + i, n)) {
			if (!state->starred)
				fputs("*\n", out);
			state->starred = true;
			continue;
		}
		put_line(out, offset + i, bytes + i, n);
		state->starred = false;
		state->has_previous = n == LINE_BYTES;
		if (state->has_previous)
			memcpy(state->previous, bytes + i, n);
	}
}

static int dump_fd(FILE *out, int fd, uint64_t offset, uint64_t end, bool raw)
{
	unsigned char chunk[CHUNK_BYTES];
	struct hex_state state = { 0 };
	size_t n;
	int ret;

	for (; offset < end; offset += n) {
		n = end - offset < sizeof(chunk) ? (size_t)(end - offset) : sizeof(chunk);
		ret = fd_read_all(fd, chunk, n, (long long)offset);
		if (ret < 0)
			return ret;
		if (raw)
			fwrite(chunk, 1, n, out);
		else
			put_hex(out, &state, offset, chunk, n);
		/* Nobody reads on: not worth going through the rest of a large region. */
		if (ferror(out))
			return 0;
	}
	if (!raw)
		fprintf(out, "%08" PRIx64 "\n", offset);
	return 0;
}

int dump_region(FILE *out, const struct ivshmem_region_info *info, uint64_t offset, uint64_t length,
		bool raw, struct error *err)
{
	uint64_t size;
	struct stat st;
	int fd, ret;

	fd = open(info->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		ret = error_set(err, -errno, "memory object %s: %s", info->path, strerror(errno));
		goto out_close;
	}
	size = (uint64_t)st.st_size;
	if (!S_ISREG(st.st_mode)) {
		ret = error_set(err, -EINVAL, "memory object %s is no regular file", info->path);
	} else if (offset > size) {
		ret = error_set(err, -EINVAL, "--offset %" PRIu64 " is behind the end at %" PRIu64,
				offset, size);
	} else {
		ret = dump_fd(out, fd, offset, length < size - offset ? offset + length : size,
			      raw);
		if (ret < 0)
			error_set(err, ret, "memory object %s: %s", info->path, strerror(-ret));
	}
out_close:
	fd_close(&fd);
	return ret;
}

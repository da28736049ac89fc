/* SPDX-License-Identifier: BSD-3-Clause */
/* Claims of ids: what is made is understood, and nothing else is. */
#include "ivshmem/peer_claim.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/fds.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)
#define DIGITS "0123456789abcdef"

static void test_there_and_back(void)
{
	static const uint64_t digits[] = { 0, 1, 0x123456789abcdef0, UINT64_MAX };
	struct sockaddr_un address;
	uint32_t id, wrong = 0;
	socklen_t length;
	uint16_t got;

	for (id = 0; id <= 65535; id++) {
		length = ivshmem_claim_address(&address, (uint16_t)id, digits[id % 4]);
		got = (uint16_t)~id;
		wrong += ivshmem_claim_parse(&address, length, &got) != 0 || got != id;
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static void test_form(void)
{
	static const char wanted[] = "\0ivshmem-peer/42/00000000000000ff";
	struct sockaddr_un address;
	socklen_t length = ivshmem_claim_address(&address, 42, 255);

	CU_ASSERT_EQUAL(address.sun_family, AF_UNIX);
	CU_ASSERT_EQUAL_FATAL(length, PATH_OFFSET + sizeof(wanted) - 1);
	CU_ASSERT_EQUAL(memcmp(address.sun_path, wanted, sizeof(wanted) - 1), 0);
}

/* With a name of all that stands between the quotes, its NULs too. */
#define NAME(text) text, sizeof(text) - 1

static const struct {
	const char *name;
	size_t length;
} hostile[] = {
	{ NAME("") },
	{ NAME("\0") },
	{ NAME("\0\0\0\0") },
	{ NAME("\00012345") }, /* what the kernel picks for bind(2) without a name */
	{ NAME("ivshmem-peer/1/" DIGITS) }, /* a path */
	{ NAME("/tmp/ivshmem-peer/1/" DIGITS) },
	{ NAME("\0ivshmem-peer/") },
	{ NAME("\0ivshmem-peer//" DIGITS) },
	{ NAME("\0ivshmem-peer/" DIGITS) },
	{ NAME("\0ivshmem-peer/1") },
	{ NAME("\0ivshmem-peer/1/") },
	{ NAME("\0ivshmem-peer/65536/" DIGITS) },
	{ NAME("\0ivshmem-peer/99999/" DIGITS) },
	{ NAME("\0ivshmem-peer/100000/" DIGITS) },
	{ NAME("\0ivshmem-peer/4294967297/" DIGITS) },
	{ NAME("\0ivshmem-peer/18446744073709551617/" DIGITS) },
	{ NAME("\0ivshmem-peer/-1/" DIGITS) },
	{ NAME("\0ivshmem-peer/+1/" DIGITS) },
	{ NAME("\0ivshmem-peer/ 1/" DIGITS) },
	{ NAME("\0ivshmem-peer/1 /" DIGITS) },
	{ NAME("\0ivshmem-peer/01/" DIGITS) },
	{ NAME("\0ivshmem-peer/00/" DIGITS) },
	{ NAME("\0ivshmem-peer/0x1/" DIGITS) },
	{ NAME("\0ivshmem-peer/1e/" DIGITS) },
	{ NAME("\0ivshmem-peer/a/" DIGITS) },
	{ NAME("\0ivshmem-peer/1//" DIGITS) },
	{ NAME("\0ivshmem-peer/1/0123456789abcde") },
	{ NAME("\0ivshmem-peer/1/0123456789abcdeF") },
	{ NAME("\0ivshmem-peer/1/0123456789abcdeg") },
	{ NAME("\0ivshmem-peer/1/" DIGITS "0") },
	{ NAME("\0ivshmem-peer/1/" DIGITS "/") },
	{ NAME("\0ivshmem-peer/1/" DIGITS "\n") },
	{ NAME("\0ivshmem-peer/1/" DIGITS "\0") },
	{ NAME("\0ivshmem-peer/1/" DIGITS "\0x") },
	{ NAME("\0ivshmem-peer/1/01234567\089abcdef") },
	{ NAME("\0ivshmem-peer/1\0/" DIGITS) },
	{ NAME("\0ivshmem-peer/\0001/" DIGITS) },
	{ NAME("\0ivshmem\0peer/1/" DIGITS) },
	{ NAME("\0\0ivshmem-peer/1/" DIGITS) },
	{ NAME("\0xivshmem-peer/1/" DIGITS) },
	{ NAME("\0Ivshmem-peer/1/" DIGITS) },
	{ NAME("\0ivshmem-peer/\377/" DIGITS) },
	{ NAME("\0ivshmem-peer/1/" DIGITS DIGITS DIGITS DIGITS DIGITS "01234567890") },
};

static void test_hostile(void)
{
	struct sockaddr_un address;
	uint16_t id = 4711;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(hostile); i++) {
		memset(&address, 'x', sizeof(address));
		address.sun_family = AF_UNIX;
		memcpy(address.sun_path, hostile[i].name, hostile[i].length);
		ret = ivshmem_claim_parse(&address, (socklen_t)(PATH_OFFSET + hostile[i].length),
					  &id);
		if (ret != -EINVAL)
			printf("# case %zu is understood as %u\n", i, id);
		CU_ASSERT_EQUAL(ret, -EINVAL);
	}
	CU_ASSERT_EQUAL(id, 4711);
}

/* A good name with a length or a family that is none. */
static void test_odd_addresses(void)
{
	struct sockaddr_un address;
	socklen_t length = ivshmem_claim_address(&address, 65535, 0), i;
	uint16_t id = 4711;

	for (i = 0; i <= sizeof(address) + 1; i++)
		if (i != length)
			CU_ASSERT_EQUAL(ivshmem_claim_parse(&address, i, &id), -EINVAL);
	CU_ASSERT_EQUAL(ivshmem_claim_parse(&address, (socklen_t)-1, &id), -EINVAL);
	address.sun_family = AF_UNSPEC;
	CU_ASSERT_EQUAL(ivshmem_claim_parse(&address, length, &id), -EINVAL);
	CU_ASSERT_EQUAL(id, 4711);
}

/* Many claims of one id do not get into each other's way. */
static void test_bind(void)
{
	struct sockaddr_un address;
	socklen_t length = sizeof(address);
	uint16_t id = 0;
	int fds[3];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		CU_ASSERT_EQUAL(ivshmem_claim_bind(fds[i], 513), 0);
	}
	CU_ASSERT_EQUAL(getsockname(fds[0], (struct sockaddr *)&address, &length), 0);
	CU_ASSERT_EQUAL(ivshmem_claim_parse(&address, length, &id), 0);
	CU_ASSERT_EQUAL(id, 513);
	/* A socket has one address. */
	CU_ASSERT_EQUAL(ivshmem_claim_bind(fds[0], 513), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fd_close(&fds[i]);
	CU_ASSERT_EQUAL(ivshmem_claim_bind(-1, 513), -EBADF);
}

static const struct unit_test tests[] = {
	{ "there and back", test_there_and_back },
	{ "the form", test_form },
	{ "hostile names", test_hostile },
	{ "odd addresses", test_odd_addresses },
	{ "binding", test_bind },
};

UNIT_MAIN("peer claim", tests)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers that run out of memory: the n-th allocation fails, for every n until all are enough. They
 * must say so, or do without (a problem is then only counted), and lose nothing (ASan tells).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/board.h"
#include "launch_scripts/scenario.h"
#include "tests/unit/unit.h"

/* --- allocations that fail (the linker's --wrap) ---------------------------------------------- */

/* Calls until one fails; 0: none does. */
static unsigned int calls_left;

static bool fails(void)
{
	return calls_left > 0 && --calls_left == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
FILE *__real_open_memstream(char **text, size_t *size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
FILE *__wrap_open_memstream(char **text, size_t *size);
int __wrap_vasprintf(char **text, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));
int __wrap_asprintf(char **text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int __wrap___vasprintf_chk(char **text, int flag, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
int __wrap___asprintf_chk(char **text, int flag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
	return fails() ? NULL : __real_strndup(text, size);
}

FILE *__wrap_open_memstream(char **text, size_t *size)
{
	return fails() ? NULL : __real_open_memstream(text, size);
}

/* With what the real ones do not define: a pointer that must not be used. */
static int print(char **text, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

static int print(char **text, const char *fmt, va_list args)
{
	va_list again;
	int length;

	*text = (char *)-1;
	if (fails())
		return -1;
	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	*text = __real_malloc((size_t)length + 1);
	return *text ? vsnprintf(*text, (size_t)length + 1, fmt, args) : -1;
}

int __wrap_vasprintf(char **text, const char *fmt, va_list args)
{
	return print(text, fmt, args);
}

int __wrap_asprintf(char **text, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = print(text, fmt, args);
	va_end(args);
	return length;
}

int __wrap___vasprintf_chk(char **text, int flag, const char *fmt, va_list args)
{
	(void)flag;
	return print(text, fmt, args);
}

int __wrap___asprintf_chk(char **text, int flag, const char *fmt, ...)
{
	va_list args;
	int length;

	(void)flag;
	va_start(args, fmt);
	length = print(text, fmt, args);
	va_end(args);
	return length;
}

/* --- files that use every part of the readers ------------------------------------------------- */

static const char v3[] =
	"<acrn-config board='x' scenario='s'><hv><FEATURES><SCHEDULER>SCHED_BVT</SCHEDULER>"
	"<IVSHMEM><IVSHMEM_REGION><NAME>r</NAME><PROVIDED_BY>Device Model</PROVIDED_BY>"
	"<IVSHMEM_SIZE>2</IVSHMEM_SIZE><IVSHMEM_REGION_ID>1</IVSHMEM_REGION_ID><IVSHMEM_VMS>"
	"<IVSHMEM_VM><VM_NAME>A</VM_NAME><VBDF>00:08.0</VBDF></IVSHMEM_VM>"
	"<IVSHMEM_VM><VM_NAME>B</VM_NAME><VBDF>wrong</VBDF></IVSHMEM_VM></IVSHMEM_VMS>"
	"</IVSHMEM_REGION></IVSHMEM></FEATURES><vuart_connections><vuart_connection>"
	"<type>pci</type><endpoint><vm_name>A</vm_name><vbdf>00:10.0</vbdf></endpoint>"
	"<endpoint><vm_name>C</vm_name></endpoint></vuart_connection></vuart_connections></hv>"
	"<vm id='0'><load_order>SERVICE_VM</load_order><name>S</name></vm>"
	"<vm id='x'><load_order>POST_LAUNCHED_VM</load_order><name>A</name>"
	"<cpu_affinity><pcpu><pcpu_id>1</pcpu_id></pcpu></cpu_affinity>"
	"<memory><size>64</size></memory><console_vuart>PCI</console_vuart>"
	"<usb_xhci><usb_dev>1-2 x</usb_dev></usb_xhci>"
	"<pci_devs><pci_dev>00:02.0 VGA compatible controller</pci_dev></pci_devs>"
	"<customized_parameters>-k 'a b'</customized_parameters><virtio_devices>"
	"<gpu><display_type>Full screen</display_type><displays><display><monitor_id>1"
	"</monitor_id></display></displays></gpu>"
	"<console><backend_type>file</backend_type><output_file_path>/o</output_file_path>"
	"</console><console><backend_type>sock client</backend_type>"
	"<sock_file_path>/s</sock_file_path></console><console>@pty:p</console>"
	"<network><interface_name>t,vhost</interface_name></network><network>u</network>"
	"<input><backend_device_file>Device name: a, Device physical path: b"
	"</backend_device_file><id>k</id></input><input>/dev/input/event1</input>"
	"<block>/dev/sda1:./a</block><block>/b</block><vsock>3</vsock></virtio_devices></vm>"
	"</acrn-config>";

static const char v2[] =
	"<acrn-config><hv><FEATURES><IVSHMEM><IVSHMEM_REGION>hv:/r, 2, 0:1</IVSHMEM_REGION>"
	"</IVSHMEM></FEATURES></hv><vm id='0'><vm_type>SERVICE_VM</vm_type></vm>"
	"<vm id='1'><vm_type>POST_STD_VM</vm_type><guest_flags><guest_flag>0</guest_flag>"
	"</guest_flags></vm><vm id='2'><vm_type>POST_STD_VM</vm_type></vm></acrn-config>";

static const char launch[] =
	"<acrn-config><user_vm id='1'><vm_name>A</vm_name><mem_size>64</mem_size>"
	"<poweroff_channel>IOC</poweroff_channel><shm_regions><shm_region>hv:/r,2</shm_region>"
	"<shm_region>dm:/d,2,1</shm_region></shm_regions><console_vuart>Enable</console_vuart>"
	"</user_vm><user_vm id='2'><mem_size>64</mem_size><shm_regions>"
	"<shm_region>dm:/d,4</shm_region></shm_regions></user_vm></acrn-config>";

static const char board[] =
	"<acrn-config board='b'><processors><thread><cpu_id>0</cpu_id><apic_id>0x0</apic_id>"
	"</thread></processors><memory><range size='4096'/></memory><devices>"
	"<bus type='pci' address='0x0'><device address='0x20000'><class>0x030000</class></device>"
	"</bus></devices></acrn-config>";

/* What older inspectors write. */
static const char texts[] =
	"<acrn-config><PCI_VID_PID>00:02.0 0300: 8086:4571</PCI_VID_PID>"
	"<TOTAL_MEM_INFO>1024 kB</TOTAL_MEM_INFO></acrn-config>";

/* --- trying ----------------------------------------------------------------------------------- */

static void parse(struct xml_file *file, const char *text)
{
	struct problems problems = { 0 };

	if (text)
		CU_ASSERT_EQUAL_FATAL(
			xml_file_parse(file, "f", text, strlen(text), &problems), 0);
}

/* A problem fell victim, or its text. */
static bool lacks_problem(const struct problems *problems)
{
	size_t i;

	for (i = 0; i < problems->count; i++)
		if (strstr(problems->list[i].text, "memory ran out"))
			return true;
	return problems->dropped > 0;
}

/* Read once; false: no allocation has failed. */
static bool try_reading(const struct xml_file files[3], unsigned int failing)
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	bool has_failed;
	int ret = 0;

	calls_left = failing;
	if (files[2].doc)
		ret = board_read_xml(&plan, &files[2], &problems);
	if (ret == 0 && files[0].doc)
		ret = scenario_read_xml(&plan, &files[0], files[1].doc ? &files[1] : NULL,
					&problems);
	has_failed = calls_left == 0;
	calls_left = 0;
	CU_ASSERT(ret == 0 || ret == -ENOMEM);
	CU_ASSERT(!has_failed || ret < 0 || lacks_problem(&problems));
	CU_ASSERT(has_failed || ret == 0);
	plan_fini(&plan);
	problems_fini(&problems);
	return has_failed;
}

static void try_all(const char *scenario_text, const char *launch_text, const char *board_text)
{
	struct xml_file files[3] = { { 0 } };
	unsigned int n = 1;

	parse(&files[0], scenario_text);
	parse(&files[1], launch_text);
	parse(&files[2], board_text);
	while (n < 10000 && try_reading(files, n))
		n++;
	CU_ASSERT(n > 5 && n < 10000);
	xml_file_fini(&files[0]);
	xml_file_fini(&files[1]);
	xml_file_fini(&files[2]);
}

static void test_v3(void)
{
	try_all(v3, NULL, board);
}

static void test_v2(void)
{
	try_all(v2, launch, NULL);
}

static void test_boards(void)
{
	try_all(NULL, NULL, board);
	try_all(NULL, NULL, texts);
}

static const struct unit_test tests[] = {
	{ "version 3", test_v3 },
	{ "version 2", test_v2 },
	{ "boards", test_boards },
};

UNIT_MAIN("reader_memory", tests)

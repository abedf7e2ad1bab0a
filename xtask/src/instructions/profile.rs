//! Profile: what callgrind wrote about one piece, added up.

/// Functions that take memory from the system.
const ALLOCATE: [&str; 6] = ["malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"];
/// Functions that move, fill or compare memory. Which one of many the C library takes depends on the processor.
const COPY: [&str; 5] = ["memcpy", "memmove", "memset", "memcmp", "bcmp"];

/// Counts what one run of a piece takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    /// Instructions of our own program, libraries linked into it included, rounded.
    pub(super) instructions: u64,
    /// Calls of `malloc` and its kin, in tenths.
    pub(super) allocations: u64,
    /// Calls of `memcpy` and its kin, in tenths.
    pub(super) copies: u64,
}

impl Counts {
    /// Adds up a profile of `program`, which ran the piece so many `times`. It was written with
    /// `--compress-strings=no --compress-pos=no`.
    pub(super) fn read(profile: &str, program: &str, times: u64) -> Self {
        let mut sum = Self::default();
        let (mut object, mut called, mut called_object) = ("", "", None);
        let mut lines = profile.lines();
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix("ob=") {
                object = name;
            } else if let Some(name) = line.strip_prefix("cob=") {
                called_object = Some(name);
            } else if let Some(name) = line.strip_prefix("cfn=") {
                called = name;
            } else if let Some(calls) = line.strip_prefix("calls=") {
                let calls = first_number(calls);
                let outside = called_object.take().is_some_and(|called| called != object);
                if object == program && outside {
                    sum.call(called, calls);
                }
                // The next line is what the called function took, which stands under its own name as well.
                lines.next();
            } else if object == program && line.starts_with(|letter: char| letter.is_ascii_digit()) {
                sum.instructions += line.split(' ').nth(1).map_or(0, first_number);
            }
        }
        let times = times.max(1);
        let tenths = |count: u64| (10 * count + times / 2) / times;
        Self {
            instructions: (sum.instructions + times / 2) / times,
            allocations: tenths(sum.allocations),
            copies: tenths(sum.copies),
        }
    }

    fn call(&mut self, name: &str, calls: u64) {
        // Without debugging symbols the C library's own choice has no name but its place.
        let nameless = name.starts_with("0x");
        if ALLOCATE.contains(&name) {
            self.allocations += calls;
        } else if nameless || COPY.iter().any(|copy| name.contains(copy)) {
            self.copies += calls;
        }
    }
}

fn first_number(text: &str) -> u64 {
    let digits = text.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that peeks, copies, allocates, and calls into the C library by name and without.
    const PROFILE: &str = "\
# callgrind format
positions: line
events: Ir
summary: 1000

ob=/target/bench
fl=/src/peek.rs
fn=peek
10 40
11 60
fi=/src/other.rs
3 100
cob=/usr/lib/libc.so.6
cfi=???
cfn=__memcpy_avx_unaligned_erms
calls=20 0
12 500
cob=/usr/lib/libc.so.6
cfn=0x0000000000188f00
calls=4 0
12 90
cob=/usr/lib/libc.so.6
cfn=malloc
calls=5 0
13 200
cfn=peek::memcpy_of_ours
calls=7 0
14 70

fn=peek::memcpy_of_ours
20 70

ob=/usr/lib/libc.so.6
fn=malloc
0 150
cfn=_int_malloc
calls=5 0
0 50

fn=_int_malloc
0 50
totals: 1000
";

    #[test]
    fn only_our_own_instructions_count() {
        let counts = Counts::read(PROFILE, "/target/bench", 1);
        assert_eq!(counts, Counts { instructions: 270, allocations: 50, copies: 240 });
    }

    #[test]
    fn counts_are_of_one_run() {
        let counts = Counts::read(PROFILE, "/target/bench", 10);
        assert_eq!(counts, Counts { instructions: 27, allocations: 5, copies: 24 });
        assert_eq!(Counts::read(PROFILE, "/target/else", 10), Counts::default());
    }
}

//! Fuzzes `swergio_proto_fuzz::splice`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| swergio_proto_fuzz::splice(data));

//! Piece: something small that is counted in instructions, by a task that runs the bench which lists it.

/// Runs of a piece before it is counted: what is grown, or made at the first use, is there by then.
const REHEARSALS: usize = 3;

/// What is counted.
pub type Work = Box<dyn FnMut()>;

/// Names a piece, says how often it runs while it is counted, and prepares it.
#[derive(Clone, Copy, Debug)]
pub struct Piece(pub &'static str, pub usize, pub fn() -> Work);

/// Is the whole of such a bench: without a word it lists the pieces as `TIMES NAME`, with a name it prepares that piece and
/// runs it. Only what happens inside `counted` is counted.
///
/// # Panics
/// When no piece has the name.
#[expect(clippy::print_stdout, reason = "it talks to the task that started it")]
pub fn run(pieces: &[Piece]) {
    match std::env::args().nth(1).filter(|word| !word.starts_with('-')) {
        None => pieces.iter().for_each(|Piece(name, times, _)| println!("{times} {name}")),
        Some(wanted) => {
            let piece = pieces.iter().find(|Piece(name, ..)| *name == wanted);
            let Piece(_, times, prepare) = piece.unwrap_or_else(|| panic!("no piece is called {wanted:?}"));
            let mut work = prepare();
            (0..REHEARSALS).for_each(|_| work());
            counted(*times, &mut work);
        }
    }
}

/// Is looked for by its name: counting begins where it is entered and ends where it is left.
#[inline(never)]
fn counted(times: usize, work: &mut Work) {
    for _ in 0..times {
        work();
    }
}

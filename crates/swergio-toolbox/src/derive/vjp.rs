//! Vjp: what can be run forward, and asked for gradients: a component in this process, or a chain of running ones.

use std::future::Future;

use futures_util::future::join_all;
use swergio_client::{MessageId, ModelStatus};

use crate::{BoxError, Chain, Differentiable, Hit, Pass, Value, Values};

/// Asks for the gradient `cotangent`ᵀ·J at `input`: `cotangent` has the shape of the output there.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Where.
    pub input: Values,
    /// The gradient by the output.
    pub cotangent: Values,
}

/// Runs forward and answers for gradients; all that [`jacobian`](crate::jacobian), [`gradcheck`](crate::Gradcheck) and their
/// like need to know.
///
/// Every [`Differentiable`] is one, and is asked as `PROBE`, so that it learns nothing. A [`Chain`] is one, and asks as its
/// handle says: use [`Chain::probe`], or [`Chain::train`] for components that keep nothing for a probe.
pub trait Vjp: Send {
    /// Computes the outputs of several inputs; nothing is kept for a gradient.
    fn forwards(&mut self, inputs: Vec<Values>)
    -> impl Future<Output = Vec<Result<Values, BoxError>>> + Send;

    /// Answers several questions: first all go forward, in order, and then all gradients are asked for, in order. So what a
    /// component keeps of one sample has every chance to be confused with what it keeps of another.
    fn pull(
        &mut self,
        questions: Vec<Question>,
    ) -> impl Future<Output = Vec<Result<Values, BoxError>>> + Send;

    /// Computes the output of one input, and the gradient for the cotangent that `answer` makes of that output.
    fn turn<A>(&mut self, input: Values, answer: A) -> impl Future<Output = Result<Values, BoxError>> + Send
    where
        A: FnOnce(&Values) -> Result<Values, BoxError> + Send;
}

/// The pass of a component that is asked in this process.
fn pass(status: ModelStatus) -> Pass {
    Pass { id: MessageId::new("here"), root_id: None, status, sent_by: None }
}

impl<D: Differentiable> Vjp for D {
    async fn forwards(&mut self, inputs: Vec<Values>) -> Vec<Result<Values, BoxError>> {
        let pass = pass(ModelStatus::VALIDATE);
        inputs
            .into_iter()
            .map(|input| Ok(self.infer(D::Input::from_values(input)?, &pass)?.into_values()?))
            .collect()
    }

    async fn pull(&mut self, questions: Vec<Question>) -> Vec<Result<Values, BoxError>> {
        let pass = pass(ModelStatus::PROBE);
        let kept: Vec<_> = questions
            .into_iter()
            .map(|Question { input, cotangent }| {
                let (_, saved) = self.forward(D::Input::from_values(input)?, &pass)?;
                Ok::<_, BoxError>((saved, D::Output::from_values(cotangent)?))
            })
            .collect();
        let pulled = kept.into_iter().map(|kept| {
            let (saved, cotangent) = kept?;
            Ok(self.vjp(saved, cotangent, &pass)?.into_values()?)
        });
        pulled.collect()
    }

    async fn turn<A>(&mut self, input: Values, answer: A) -> Result<Values, BoxError>
    where
        A: FnOnce(&Values) -> Result<Values, BoxError> + Send,
    {
        let pass = pass(ModelStatus::PROBE);
        let (output, saved) = self.forward(D::Input::from_values(input)?, &pass)?;
        let cotangent = D::Output::from_values(answer(&output.into_values()?)?)?;
        Ok(self.vjp(saved, cotangent, &pass)?.into_values()?)
    }
}

impl<X: Value + Clone + Sync, Y: Value + Clone + Sync> Vjp for Chain<X, Y> {
    async fn forwards(&mut self, inputs: Vec<Values>) -> Vec<Result<Values, BoxError>> {
        let chain = self.validate();
        let one = async |input: Values| {
            let hit = chain.forward(&X::from_values(input)?).await?;
            Ok::<_, BoxError>(hit.into_value().into_values()?)
        };
        join_all(inputs.into_iter().map(one)).await
    }

    async fn pull(&mut self, questions: Vec<Question>) -> Vec<Result<Values, BoxError>> {
        let mut pulled = Vec::with_capacity(questions.len());
        let passes: Vec<&[Question]> = same_inputs(&questions, self.cotangents());
        let mut left = passes.as_slice();
        while !left.is_empty() {
            let places = match self.places(left.len()).await {
                Ok(places) => places,
                Err(error) => {
                    let unasked = left.iter().map(|pass| pass.len()).sum();
                    fail(&mut pulled, error.into(), unasked);
                    break;
                }
            };
            let (some, rest) = left.split_at(places.len());
            left = rest;
            let out = async |(pass, place): (&&[Question], _)| {
                let hit = self.forward_at(place, X::from_values(pass[0].input.clone())?).await?;
                let cotangents = pass.iter().map(|question| Y::from_values(question.cotangent.clone()));
                Ok::<_, BoxError>((hit, cotangents.collect::<Result<Vec<_>, _>>()?))
            };
            let hits = join_all(some.iter().zip(places).map(out)).await;
            let answers = join_all(hits.into_iter().map(back)).await;
            for (answer, pass) in answers.into_iter().zip(some) {
                match answer {
                    Ok(gradients) => pulled.extend(gradients.into_iter().map(Ok)),
                    Err(error) => fail(&mut pulled, error, pass.len()),
                }
            }
        }
        pulled
    }

    async fn turn<A>(&mut self, input: Values, answer: A) -> Result<Values, BoxError>
    where
        A: FnOnce(&Values) -> Result<Values, BoxError> + Send,
    {
        let hit = self.forward(&X::from_values(input)?).await?;
        let cotangent = Y::from_values(answer(&hit.value().clone().into_values()?)?)?;
        Ok(hit.backward(cotangent).await?.into_values()?)
    }
}

/// Answers so many questions with what went wrong.
fn fail(pulled: &mut Vec<Result<Values, BoxError>>, error: BoxError, questions: usize) {
    let text = error.to_string();
    pulled.push(Err(error));
    pulled.extend((1..questions).map(|_| Err(text.clone().into())));
}

/// Sends the gradients of one pass back: one as always, several in one message.
async fn back<X, Y>(hit: Result<(Hit<X, Y>, Vec<Y>), BoxError>) -> Result<Vec<Values>, BoxError>
where
    X: Value + Clone,
    Y: Value,
{
    let (hit, mut cotangents) = hit?;
    let gradients = match cotangents.pop() {
        Some(only) if cotangents.is_empty() => vec![hit.backward(only).await?],
        last => {
            cotangents.extend(last);
            hit.backward_many(cotangents).await?
        }
    };
    gradients.into_iter().map(|gradient| Ok(gradient.into_values()?)).collect()
}

/// Parts questions into runs at the same input, each of `most` at most.
fn same_inputs(questions: &[Question], most: usize) -> Vec<&[Question]> {
    let runs = questions.chunk_by(|one, other| most > 1 && one.input == other.input);
    runs.flat_map(|run| run.chunks(most)).collect()
}

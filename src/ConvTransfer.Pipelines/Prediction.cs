using ConvTransfer.Graphs;

namespace ConvTransfer.Pipelines;

/// <summary>What a model says about one image.</summary>
/// <param name="File">The image's file as the caller named it; null for an image in memory.</param>
/// <param name="Label">The class with the highest score, the first of equal ones; null when a score is not finite: then there is no answer.</param>
/// <param name="Scores">One score for each class, between 0 and 1; they add up to 1.</param>
/// <param name="Labels">The classes' names, in the order of the scores.</param>
public sealed record Prediction(string? File, string? Label, ValueList<float> Scores, ValueList<string> Labels)
{
    /// <summary>False when a score is not finite: the network ran into numbers that float32 does not hold, or its weights do.</summary>
    public bool IsFinite => Scores.All(float.IsFinite);

    /// <summary>The score of the label; null when there is none.</summary>
    public float? Score => Label is null ? null : Scores[Labels.IndexOf(Label)];
}

using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime;

/// <summary>Where a value that a segment reads comes from.</summary>
/// <param name="Name">The value's name.</param>
/// <param name="Segment">The earlier segment that makes it; -1 for what the caller gives.</param>
/// <param name="Index">Its place among that segment's outputs, or among the model's inputs.</param>
internal readonly record struct SegmentInput(string Name, int Segment, int Index)
{
    /// <summary>True when the caller gives the value.</summary>
    public bool IsGiven => Segment < 0;
}

/// <summary>
/// A run of nodes that is planned by itself, for the shapes of the values that it reads. Where shapes stop depending on what varies
/// from call to call, such as the size of a picture, a new segment begins: it is planned once, however many sizes come.
/// </summary>
internal sealed class Segment
{
    /// <summary>The nodes, in order.</summary>
    public required Node[] Nodes { get; init; }

    /// <summary>The values that they read, constants excepted.</summary>
    public required SegmentInput[] Inputs { get; init; }

    /// <summary>The values that the caller or later segments want.</summary>
    public required string[] Outputs { get; init; }

    /// <summary>True when a plan was made for what this call gives. Allocates nothing.</summary>
    /// <param name="plan">A plan of this segment.</param>
    /// <param name="given">What the caller gives.</param>
    /// <param name="earlier">The plans of the segments before this one.</param>
    public bool IsServed(Plan plan, ReadOnlySpan<Tensor> given, ReadOnlySpan<Plan> earlier)
    {
        for (int i = 0; i < Inputs.Length; i++)
        {
            var input = Inputs[i];
            bool same = input.IsGiven ? plan.Key.Serves(i, given[input.Index]) : plan.Key.Serves(i, earlier[input.Segment].Outputs[input.Index]);
            if (!same) return false;
        }
        return true;
    }
}

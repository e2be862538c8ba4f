using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>Where the memory of a slot comes from.</summary>
internal enum PlaceKind
{
    /// <summary>The session's arena.</summary>
    Arena,

    /// <summary>A tensor of the plan's constants.</summary>
    Constant,

    /// <summary>A value that the segment reads: a tensor that the caller gives, or the output of an earlier segment.</summary>
    Input,

    /// <summary>An array of strings of the session's.</summary>
    Strings,
}

/// <summary>The place of a slot.</summary>
/// <param name="Kind">Where the memory comes from.</param>
/// <param name="Offset">For the arena the offset in bytes; for an input its index among the segment's; for strings their number.</param>
/// <param name="Constant">For a constant the tensor.</param>
internal readonly record struct SlotPlace(PlaceKind Kind, long Offset, Tensor? Constant = null);

/// <summary>An output of a plan.</summary>
/// <param name="Slot">Where it lies after a run.</param>
/// <param name="Declared">Its type for the caller; float16 where the slot holds float32.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Narrow">True when the slot holds float32 that the caller gets as float16.</param>
internal sealed record PlanOutput(Slot Slot, ElementType Declared, Shape Shape, bool Narrow)
{
    /// <summary>The type of the elements in the slot.</summary>
    public ElementType Held => Narrow ? ElementType.Float32 : Declared;
}

/// <summary>Everything that is decided before a segment runs with given input shapes: steps, places and sizes. Immutable, shared by all sessions.</summary>
internal sealed class Plan : IDisposable
{
    /// <summary>The types and deciding values that the plan was made for.</summary>
    public required PlanKey Key { get; init; }

    /// <summary>The steps in order.</summary>
    public required Step[] Steps { get; init; }

    /// <summary>The node that each step comes from, for messages and profiles.</summary>
    public required Node[] Nodes { get; init; }

    /// <summary>The place of each slot.</summary>
    public required SlotPlace[] Places { get; init; }

    /// <summary>The slots that stand for inputs, each with the input's index among the segment's.</summary>
    public required (int Slot, int Input)[] InputSlots { get; init; }

    /// <summary>The segment's outputs, in its order.</summary>
    public required PlanOutput[] Outputs { get; init; }

    /// <summary>Bytes of the arena.</summary>
    public required long ArenaBytes { get; init; }

    /// <summary>Bytes of scratch memory for a crew's size: the most that one step asks for.</summary>
    public required Func<int, long> ScratchBytes { get; init; }

    /// <summary>Multiplications with addition of a run, as far as they are counted.</summary>
    public required long MultiplyAdds { get; init; }

    /// <summary>What is known beyond the model's own constants.</summary>
    public required ConstantTable Constants { get; init; }

    /// <summary>Refuses the plan where a run of it by a crew of that size takes more memory than the limit.</summary>
    /// <exception cref="ConvTransferException">It does.</exception>
    public void RequireMemory(int crew, long limit, string? file)
    {
        long scratch = ScratchBytes(crew);
        if (scratch > limit - ArenaBytes) throw new ConvTransferException(FailureCause.Limit, $"the values between the nodes need {ArenaBytes} bytes and the working memory of {crew} threads {scratch}, beyond the memory limit of {limit} bytes", file);
    }

    public void Dispose() => Constants.Dispose();
}

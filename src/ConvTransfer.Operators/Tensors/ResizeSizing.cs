using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The lengths that a resize gives, from scales or from sizes, for all axes or for some.</summary>
/// <remarks>Source: ONNX Resize-19. Lengths from scales are rounded down; a policy other than stretch takes one scale for all axes and rounds to the nearest, halves up.</remarks>
internal sealed class ResizeSizing(NodeContext n, long[]? axes, string policy, int scalesInput, int sizesInput, int roiInput)
{
    /// <summary>The policy that takes the sizes as they are.</summary>
    public const string Stretch = "stretch";

    /// <summary>Scales that stand in an attribute.</summary>
    public float[]? GivenScales { get; init; }

    private int Rank => n.Input(0).Rank;

    /// <summary>The output's lengths.</summary>
    public Dim[] Lengths()
    {
        var x = n.Input(0);
        int[] chosen = Chosen();
        Dim[] dims = [.. x.Dims!.Value.AsSpan()];
        bool hasScales = GivenScales is not null || HasElements(scalesInput), hasSizes = HasElements(sizesInput);
        if (hasScales && hasSizes && (MayBeEmpty(scalesInput) || MayBeEmpty(sizesInput)))
        {
            // Which of the two is the empty one is not known yet, and with it which of them counts.
            foreach (int axis in chosen) dims[axis] = Dim.Unknown;
            return dims;
        }
        n.Require(hasScales != hasSizes, "expected either scales or sizes");
        if (roiInput >= 0) CheckCount(roiInput, 2 * chosen.Length, "roi");
        if (hasScales)
        {
            if (scalesInput >= 0) CheckCount(scalesInput, chosen.Length, "scales");
            float[]? scales = GivenScales ?? n.ConstantFloats(scalesInput);
            n.Require(scales is null || scales.Length == chosen.Length, $"{scales?.Length} scales are given for {chosen.Length} axes");
            for (int i = 0; i < chosen.Length; i++)
            {
                float scale = scales?[i] ?? float.NaN;
                n.Require(scales is null || (scale > 0 && float.IsFinite(scale)), $"scale {scale} of axis {chosen[i]} is not a finite number above 0");
                dims[chosen[i]] = scale == 1 ? dims[chosen[i]] : dims[chosen[i]].IsKnown && scales is not null ? Scaled(dims[chosen[i]].Value, scale, chosen[i]) : Dim.Unknown;
            }
            return dims;
        }
        CheckCount(sizesInput, chosen.Length, "sizes");
        var sizes = n.Elements(sizesInput) ?? new Dim[chosen.Length];
        for (int i = 0; i < chosen.Length; i++)
        {
            n.Require(!sizes[i].IsKnown || sizes[i].Value >= 0, $"length {sizes[i]} of axis {chosen[i]} is negative");
            n.Require(sizes[i] is not { IsKnown: true, Value: > 0 } || dims[chosen[i]] is not { IsKnown: true, Value: 0 }, $"axis {chosen[i]} has no element and cannot be resized to length {sizes[i]}");
        }
        if (policy == Stretch)
        {
            for (int i = 0; i < chosen.Length; i++) dims[chosen[i]] = sizes[i];
            return dims;
        }
        float? common = CommonScale();
        foreach (int axis in chosen) dims[axis] = common is float s && dims[axis].IsKnown ? HalfUp(dims[axis].Value, s, axis) : Dim.Unknown;
        return dims;
    }

    /// <summary>The factor of every axis as the kernel takes them; null where they are the quotients of the lengths.</summary>
    public float[]? KernelScales(Shape y)
    {
        float[]? scales = GivenScales ?? (HasElements(scalesInput) ? n.ConstantFloats(scalesInput) : null);
        if (scales is null && policy == Stretch) return null;
        var result = new float[y.Rank];
        Array.Fill(result, 1f);
        int[] chosen = Chosen();
        float common = scales is null ? CommonScale()!.Value : 1;
        for (int i = 0; i < chosen.Length; i++) result[chosen[i]] = scales?[i] ?? common;
        return result;
    }

    /// <summary>Starts, then ends, of the region of interest for all axes; empty where none is given.</summary>
    public float[] Region()
    {
        if (!HasElements(roiInput) || n.ConstantFloats(roiInput) is not { } roi) return [];
        var result = new float[2 * Rank];
        Array.Fill(result, 1f, Rank, Rank);
        int[] chosen = Chosen();
        for (int i = 0; i < chosen.Length; i++) (result[chosen[i]], result[Rank + chosen[i]]) = (roi[i], roi[chosen.Length + i]);
        return result;
    }

    private int[] Chosen()
    {
        if (axes is null) return [.. Enumerable.Range(0, Rank)];
        _ = AxesArgument.Marked(n, axes, Rank);
        return Array.ConvertAll(axes, axis => n.Axis(axis, Rank));
    }

    // An input that is given with no element counts as left out.
    private bool HasElements(int input) => input >= 0 && n.HasInput(input) && !(n.Input(input) is { Rank: 1 } type && type[0] is { IsKnown: true, Value: 0 });

    private bool MayBeEmpty(int input) => input >= 0 && n.HasInput(input) && n.Input(input) is { Rank: 1 } type && !type[0].IsKnown;

    private void CheckCount(int input, int count, string what)
    {
        if (HasElements(input)) n.Require(n.Input(input).Rank == 1 && n.Input(input)[0].MayEqual(count), $"{what} is {n.Input(input)}, expected {count} numbers");
    }

    private float? CommonScale()
    {
        int[] chosen = Chosen();
        if (n.ConstantIntegers(sizesInput) is not { } sizes || chosen.Any(axis => !n.Input(0)[axis].IsKnown)) return null;
        var scales = chosen.Select((axis, i) => sizes[i] / (float)n.Input(0)[axis].Value);
        return policy == "not_larger" ? scales.Min() : scales.Max();
    }

    private long Scaled(long length, float scale, int axis) => Fitting(System.Math.Floor((double)(length * scale)), axis);

    private long HalfUp(long length, float scale, int axis) => Fitting(System.Math.Floor((double)(length * scale) + 0.5), axis);

    private long Fitting(double length, int axis) => length < int.MaxValue ? (long)length : throw n.OverLimit($"axis {axis} would get {length} elements");
}

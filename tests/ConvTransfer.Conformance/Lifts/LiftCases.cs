using ConvTransfer.Engine.Tensors;
using static ConvTransfer.Conformance.Lifts.LiftCase;

namespace ConvTransfer.Conformance.Lifts;

/// <summary>At least one network for every old version of every operator that a newer opset reads differently.</summary>
internal static class LiftCases
{
    public static IReadOnlyList<LiftCase> All { get; } = [.. Softmaxes(), .. Regularization(), .. Groups(), .. Selections(), .. Shapes(), .. Reductions(), .. Slices(), .. Sizes(), .. Arithmetic()];

    private static IEnumerable<LiftCase> Softmaxes()
    {
        foreach (string op in new[] { "Softmax", "LogSoftmax" })
        {
            yield return Of(op, 7, "of rows", [Normal(3, 5)]);
            yield return Of(op, 8, "default axis joins the axes behind it", [Normal(2, 3, 4)]);
            yield return Of(op, 9, "axis 0", [Normal(2, 3, 4)], Int("axis", 0));
            yield return Of(op, 10, "of an image, axis 1", [Normal(2, 3, 2, 2)], Int("axis", 1));
            yield return Of(op, 7, "last axis", [Normal(2, 3, 4)], Int("axis", 2));
            yield return Of(op, 11, "negative axis", [Normal(2, 3, 4, 2)], Int("axis", -2));
            yield return Of(op, 12, "default axis", [Normal(2, 3, 4)]);
        }
    }

    private static IEnumerable<LiftCase> Regularization()
    {
        yield return Of("Dropout", 6, "for testing", [Normal(2, 3)], Int("is_test", 1), Float("ratio", 0.3f)).OnlyByReference();
        yield return Of("Dropout", 1, "for testing", [Normal(2, 3)], Int("is_test", 1), Ints("consumed_inputs", 0)).OnlyByReference();
        yield return Of("Dropout", 7, "default ratio", [Normal(2, 3)]);
        yield return Of("Dropout", 7, "given ratio", [Normal(2, 3)], Float("ratio", 0.25f));
        yield return Of("Dropout", 10, "given ratio", [Normal(2, 3)], Float("ratio", 0.25f));
        foreach (long opset in new long[] { 7, 9 })
            yield return Of("BatchNormalization", opset, "with its own epsilon", [Normal(2, 3, 4, 4), Constant<float>([3], 1, 2, -1), Constant<float>([3], 0.5f, 0, 1), Constant<float>([3], 0.1f, 0.2f, -0.3f), Constant<float>([3], 1, 0.25f, 4)], Float("epsilon", 1e-3f), Float("momentum", 0.8f));
        yield return Of("BatchNormalization", 1, "for testing", [Normal(2, 3, 4, 4), Constant<float>([3], 1, 2, -1), Constant<float>([3], 0.5f, 0, 1), Constant<float>([3], 0.1f, 0.2f, -0.3f), Constant<float>([3], 1, 0.25f, 4)], Int("is_test", 1), Ints("consumed_inputs", 0, 0, 0, 1, 1)).OnlyByReference();
        yield return Of("BatchNormalization", 6, "for testing", [Normal(2, 3, 4, 4), Constant<float>([3], 1, 2, -1), Constant<float>([3], 0.5f, 0, 1), Constant<float>([3], 0.1f, 0.2f, -0.3f), Constant<float>([3], 1, 0.25f, 4)], Int("is_test", 1)).OnlyByReference();
    }

    private static IEnumerable<LiftCase> Groups()
    {
        yield return Of("GroupNormalization", 18, "a scale of each group", [Normal(2, 6, 4, 3), Constant<float>([2], 2, -3), Constant<float>([2], 0.5f, 1)], Int("num_groups", 2), Float("epsilon", 1e-2f));
    }

    private static IEnumerable<LiftCase> Selections()
    {
        yield return Of("TopK", 1, "along an axis", 2, [Normal(3, 5, 2)], Int("k", 2), Int("axis", 1));
        yield return Of("OneHot", 9, "classes", [Constant<long>([3], 2, 0, 3), Constant<long>([], 4), Constant<float>([2], -1, 1)]);
        // ONNX Runtime counts negative indices from the back in opset 9 too; there the standard takes them as outside.
        yield return Of("OneHot", 9, "negative and fractional indices", [Constant<float>([4], 2.5f, -1, 7, 0), Constant<long>([1], 3), Constant<float>([2], 0, 5)], Int("axis", 0)).OnlyByReference();
    }

    private static IEnumerable<LiftCase> Shapes()
    {
        yield return Of("Clip", 1, "both bounds", [Normal(4, 5)], Float("min", -0.5f), Float("max", 0.25f)).OnlyByReference();
        yield return Of("Clip", 6, "both bounds", [Normal(4, 5)], Float("min", -0.5f), Float("max", 0.25f));
        yield return Of("Clip", 7, "lower bound", [Normal(4, 5)], Float("min", 0));
        yield return Of("Clip", 10, "no bound", [Normal(4, 5)]);
        yield return Of("Squeeze", 7, "given axes", [Normal(1, 3, 1, 2)], Ints("axes", 0, 2));
        yield return Of("Squeeze", 10, "all axes of length 1", [Normal(1, 3, 1, 2)]);
        yield return Of("Squeeze", 11, "negative axis", [Normal(1, 3, 1, 2)], Ints("axes", -2));
        yield return Of("Unsqueeze", 7, "two axes", [Normal(3, 2)], Ints("axes", 0, 3));
        yield return Of("Unsqueeze", 11, "negative axis", [Normal(3, 2)], Ints("axes", -1));
        yield return Of("Split", 7, "equal parts", 3, [Normal(6, 2)]);
        yield return Of("Split", 1, "given parts", 2, [Normal(2, 5)], Ints("split", 2, 3), Int("axis", 1)).OnlyByReference();
        yield return Of("Split", 2, "given parts", 2, [Normal(2, 5)], Ints("split", 2, 3), Int("axis", 1));
        yield return Of("Split", 11, "given parts, negative axis", 2, [Normal(2, 5)], Ints("split", 4, 1), Int("axis", -1));
        yield return Of("Split", 13, "given parts", 2, [Normal(2, 5), Constant<long>([2], 2, 3)], Int("axis", 1));
        yield return Of("Split", 13, "equal parts", 2, [Normal(4, 5)]);
        yield return Of("Pad", 1, "constant", [Normal(2, 3)], Ints("paddings", 1, 0, 0, 2), Float("value", 1.5f)).OnlyByReference();
        yield return Of("Pad", 7, "constant", [Normal(2, 3)], Ints("pads", 1, 0, 0, 2), Float("value", 1.5f));
        yield return Of("Pad", 10, "default", [Normal(2, 3)], Ints("pads", 0, 1, 2, 0));
        yield return Of("Pad", 7, "reflect", [Normal(4, 5)], Ints("pads", 1, 2, 0, 3), Text("mode", "reflect"));
        yield return Of("Pad", 7, "edge", [Normal(4, 5)], Ints("pads", 1, 2, 0, 3), Text("mode", "edge"));
        yield return Of("Pad", 10, "negative", [Normal(4, 5)], Ints("pads", -1, 2, 0, -1));
        yield return Of("Pad", 10, "half", [Half(2, 3)], Ints("pads", 1, 0, 0, 2), Float("value", 1.5f));
    }

    private static IEnumerable<LiftCase> Reductions()
    {
        foreach (string op in new[] { "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare" })
        {
            yield return Of(op, 7, "given axes", [Positive(2, 3, 4)], Ints("axes", 1));
            yield return Of(op, 10, "all axes", [Positive(2, 3, 4)]);
            yield return Of(op, 11, "negative axes, dropped", [Positive(2, 3, 4)], Ints("axes", -1, 0), Int("keepdims", 0));
            if (op != "ReduceSum") yield return Of(op, 13, "given axes", [Positive(2, 3, 4)], Ints("axes", 0, 2));
            if (op is "ReduceMax" or "ReduceMin") yield return Of(op, 12, "given axes", [Positive(2, 3, 4)], Ints("axes", 0, 2));
        }
    }

    private static IEnumerable<LiftCase> Slices()
    {
        yield return Of("Slice", 7, "given axes", [Normal(4, 5, 6)], Ints("axes", 0, 2), Ints("starts", 1, -4), Ints("ends", 3, 1000));
        yield return Of("Slice", 9, "default axes", [Normal(4, 5)], Ints("starts", 1, 0), Ints("ends", -1, 3));
    }

    private static IEnumerable<LiftCase> Sizes()
    {
        foreach (string mode in new[] { "nearest", "linear" })
        {
            yield return Of("Upsample", 7, mode, [Normal(1, 2, 3, 4)], Text("mode", mode), Floats("scales", 1, 1, 2, 3));
            yield return Of("Upsample", 9, mode, [Normal(1, 2, 3, 4), Constant<float>([4], 1, 1, 2, 3)], Text("mode", mode));
            yield return Of("Resize", 10, $"{mode} up", [Normal(1, 2, 3, 4), Constant<float>([4], 1, 1, 2, 3)], Text("mode", mode));
            yield return Of("Resize", 10, $"{mode} down", [Normal(1, 2, 6, 8), Constant<float>([4], 1, 1, 0.5f, 0.25f)], Text("mode", mode));
        }
    }

    private static IEnumerable<LiftCase> Arithmetic()
    {
        foreach (string op in new[] { "Add", "Sub", "Mul", "Div" })
        {
            yield return Of(op, 6, "broadcast from an axis", [Normal(2, 3, 4), Constant<float>([3], 1, -2, 0.5f)], Int("broadcast", 1), Int("axis", 1)).OnlyByReference();
            yield return Of(op, 6, "broadcast over the last axes", [Normal(2, 3, 4), Constant<float>([4], 1, -2, 0.5f, 3)], Int("broadcast", 1)).OnlyByReference();
            yield return Of(op, 1, "same shapes", [Normal(2, 3), Positive(2, 3)]).OnlyByReference();
        }
        yield return Of("Gemm", 1, "broadcast", [Normal(2, 3), Constant<float>([3, 2], 1, 2, 3, 4, 5, 6), Constant<float>([2], 7, 8)], Int("broadcast", 1)).OnlyByReference();
        yield return Of("Pow", 1, "broadcast from an axis", [Positive(2, 3, 4), Constant<float>([3], 1, -2, 0.5f)], Int("broadcast", 1), Int("axis", 1)).OnlyByReference();
        foreach (long opset in new long[] { 1, 6 })
        {
            yield return Of("PRelu", opset, "a slope for each channel", [Normal(2, 3, 4), Constant<float>([3], 1, -2, 0.5f)]).OnlyByReference();
            yield return Of("PRelu", opset, "one slope", [Normal(2, 3, 4), Constant<float>([1], 0.25f)]).OnlyByReference();
        }
        yield return Of("Equal", 1, "broadcast", [Constant<int>([2, 3], 1, 2, 3, 3, 2, 1), Constant<int>([3], 1, 2, 1)], Int("broadcast", 1)).OnlyByReference();
        foreach (string op in new[] { "Less", "Greater" })
            yield return Of(op, 1, "broadcast from an axis", [Normal(2, 3, 4), Constant<float>([3], 0.1f, -0.2f, 0.5f)], Int("broadcast", 1), Int("axis", 1)).OnlyByReference();
        foreach (string op in new[] { "And", "Or", "Xor" })
            yield return Of(op, 1, "broadcast from an axis", [Constant<bool>([2, 2, 1], true, false, true, true), Constant<bool>([2], true, false)], Int("broadcast", 1), Int("axis", 1)).OnlyByReference();
        yield return Of("Gemm", 6, "broadcast", [Normal(2, 3), Constant<float>([3, 2], 1, 2, 3, 4, 5, 6), Constant<float>([2], 7, 8)], Int("broadcast", 1)).OnlyByReference();
        yield return Of("Concat", 1, "default axis", [Normal(2, 3), Normal(2, 3)]).OnlyByReference();
        yield return Of("Reshape", 1, "attribute", [Normal(2, 6)], Ints("shape", 0, 2, -1));
        yield return Of("Cast", 1, "type by name", [Normal(2, 3)], Text("to", "DOUBLE")).OnlyByReference();
    }
}

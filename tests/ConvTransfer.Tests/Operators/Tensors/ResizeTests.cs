using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class ResizeProblems : OperatorProblems
{
    public override string OpType => "Resize";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (string mode in new[] { "nearest", "linear" }) yield return OperatorProblem.Of(mode, "Resize", 10, [Normal(1, 2, 3, 4, 5), Of([4], 1f, 1f, 2f, 1.4f).AsConstant()], [Attribute("mode", mode)], batchInput: 0);
        foreach (string mode in new[] { "nearest", "linear", "cubic" })
        {
            foreach (string coordinates in new[] { "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric" })
            {
                yield return OperatorProblem.Of($"{mode} {coordinates} by scales", "Resize", 11, [Normal(1, 2, 3, 4, 5), None, Of([4], 1f, 1f, 2f, 0.6f).AsConstant()], [Attribute("mode", mode), Attribute("coordinate_transformation_mode", coordinates)], batchInput: 0);
                yield return OperatorProblem.Of($"{mode} {coordinates} by sizes", "Resize", 13, [Normal(1, 2, 3, 4, 5), null, null, Ints(2, 3, 7, 3)], [Attribute("mode", mode), Attribute("coordinate_transformation_mode", coordinates)]);
            }
            yield return OperatorProblem.Of($"{mode} of a region", "Resize", 11, [Normal(1, 1, 1, 4, 5), Of([8], 0f, 0f, 0.4f, 0.6f, 1f, 1f, 1.2f, 1.7f).AsConstant(), Of<float>([0]).AsConstant(), Ints(1, 1, 3, 7)], [Attribute("mode", mode), Attribute("coordinate_transformation_mode", "tf_crop_and_resize"), Attribute("extrapolation_value", 10f)]);
            yield return OperatorProblem.Of($"{mode} symmetric", "Resize", 19, [Normal(1, 1, 2, 10, 7), null, Of([4], 1f, 1f, 0.6f, 1.7f).AsConstant()], [Attribute("mode", mode), Attribute("coordinate_transformation_mode", "half_pixel_symmetric")]);
            yield return OperatorProblem.Of($"{mode} of doubles", "Resize", 13, [Count<double>(1, 1, 4, 5), null, null, Ints(1, 1, 6, 3)], [Attribute("mode", mode)]);
            yield return OperatorProblem.Of($"{mode} of int8", "Resize", 13, [Count<sbyte>(1, 1, 4, 5), null, null, Ints(1, 1, 6, 3)], [Attribute("mode", mode)]);
        }
        foreach (string policy in new[] { "not_larger", "not_smaller" })
            yield return OperatorProblem.Of(policy, "Resize", 18, [Normal(1, 2, 3, 4, 6), null, null, Ints(9, 7)], [Attribute("axes", 2, -1), Attribute("keep_aspect_ratio_policy", policy)], batchInput: 0);
        foreach (string mode in new[] { "linear", "cubic" })
        {
            yield return OperatorProblem.Of($"{mode} antialias", "Resize", 18, [Normal(1, 2, 3, 13, 17), null, null, Ints(2, 3, 5, 8)], [Attribute("mode", mode), Attribute("antialias", 1)]);
            yield return OperatorProblem.Of($"{mode} antialias of planes of bytes", "Resize", 18, [Count<byte>(2, 3, 13, 17), null, null, Ints(5, 8)], [Attribute("mode", mode), Attribute("antialias", 1), Attribute("axes", 2, 3)], batchInput: 0);
            yield return OperatorProblem.Of($"{mode} antialias of interleaved bytes", "Resize", 18, [Count<byte>(2, 13, 17, 3), null, null, Ints(5, 8)], [Attribute("mode", mode), Attribute("antialias", 1), Attribute("axes", 1, 2)], batchInput: 0);
        }
        yield return OperatorProblem.Of("empty batch", "Resize", 13, [Normal(1, 0, 3, 4, 5), null, Of([4], 1f, 1f, 2f, 2f).AsConstant()]);
    }

    // Opset 11 demands a region of interest, which most modes do not read.
    private static ProblemInput None => Of<float>([0]).AsConstant();
}

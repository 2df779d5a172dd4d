export default ({ text }) => text;
